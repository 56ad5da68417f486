"""Check that the wheel holds every module, and the source distribution the tests and documents as well."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ASIDE = ("tests/", "docs/", ".ci/")
PLUGIN, PLUGIN_SOURCE = "pytest_linmod.py", "plugin/pytest_linmod.py"
"""The plugin is a module outside the package, so that pytest can load it without the package."""


def expected() -> tuple[set[str], set[str]]:
    """Files that the wheel must hold, and those that the source distribution must hold."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True, check=True
    )
    files = [file for file in listed.stdout.splitlines() if Path(file).exists()]
    modules = {file for file in files if file.endswith((".py", ".pyi")) and not file.startswith(ASIDE)}
    documents = {file for file in files if file.startswith(("tests/", "docs/"))}
    others = {"README.md", "LICENSE", "CHANGELOG.md", "pyproject.toml"}
    return modules - {PLUGIN_SOURCE} | {"py.typed", PLUGIN}, modules | documents | others


def main(folder: Path) -> int:
    """Compare what was built with what must be in it."""
    (wheel,), (source,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    in_wheel = {name.removeprefix("linmod/") for name in names if name.startswith("linmod/")} | {PLUGIN} & set(names)
    with tarfile.open(source) as archive:
        in_source = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    for_wheel, for_source = expected()
    faults = [f"the wheel lacks {name}" for name in sorted(for_wheel - in_wheel)]
    faults += [f"the wheel holds {name}, which is not a module" for name in sorted(in_wheel - for_wheel)]
    faults += [f"the source distribution lacks {name}" for name in sorted(for_source - in_source)]
    print(*faults, sep="\n")
    print(f"{wheel.name}: {len(in_wheel)} files; {source.name}: {len(in_source)} files; {len(faults)} faults")
    return len(faults) > 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
