"""Files and folders stay small enough to read."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINES, ROOMS = 400, 15


def long_files(root):
    """Python files of more than 400 lines, build outputs and environments aside."""
    found = []
    for folder in [
        root,
        *(f for f in sorted(root.iterdir()) if f.is_dir() and f.name not in ("build", "dist", ".venv")),
    ]:
        files = folder.glob("*.py") if folder == root else folder.rglob("*.py")
        found += [f for f in files if len(f.read_text(encoding="utf-8").splitlines()) > LINES]
    return {file.relative_to(root).as_posix() for file in found}


def rooms(folder):
    """Modules and packages at the top of a folder."""
    return {
        entry.stem
        for entry in folder.iterdir()
        if (entry.suffix == ".py" and entry.stem != "__init__") or (entry / "__init__.py").exists()
    }


def test_no_file_is_too_long():
    assert long_files(ROOT) == set()


@pytest.mark.parametrize("name", ["theory", "dynamics", "figures"])
def test_no_folder_has_too_many_rooms(name):
    assert 1 < len(rooms(ROOT / name)) <= ROOMS


def test_a_long_file_and_a_crowded_folder_are_noticed(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "long.py").write_text("\n" * (LINES + 1))
    (tmp_path / "inner" / "short.py").write_text("\n" * LINES)
    assert long_files(tmp_path) == {"inner/long.py"}
    assert rooms(tmp_path / "inner") == {"long", "short"}
