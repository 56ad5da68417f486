"""`linmod new claim` writes a file that runs as it is, and overwrites nothing."""

import pytest
from typer.testing import CliRunner

from linmod.commands.app import app

RUNNER = CliRunner()


def new(*arguments):
    return RUNNER.invoke(app, ["new", "claim", *map(str, arguments)])


def test_the_file_holds_with_check(tmp_path):
    made = new("half-time", "--out", tmp_path / "claims")
    file = tmp_path / "claims" / "claim_half_time.py"
    assert made.exit_code == 0, made.output
    assert "linmod check" in made.output
    result = RUNNER.invoke(app, ["check", str(file), "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert "half-time" in result.output


def test_a_wrong_formula_in_the_file_fails(tmp_path):
    new("mine", "--out", tmp_path)
    file = tmp_path / "claim_mine.py"
    text = file.read_text(encoding="utf-8")
    assert "(2 * mode.lam)" in text
    file.write_text(text.replace("(2 * mode.lam)", "(3 * mode.lam)"), encoding="utf-8")
    assert RUNNER.invoke(app, ["check", str(file), "--out", str(tmp_path / "out")]).exit_code == 1


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "claim_mine.py").write_text("precious")
    result = new("mine", "--out", tmp_path)
    assert result.exit_code == 2
    assert "is not overwritten" in " ".join(result.output.split())
    assert (tmp_path / "claim_mine.py").read_text() == "precious"


@pytest.mark.parametrize("name", ["Mine", "a b", "../mine", "mine_2", "-", 'a"b'])
def test_a_malformed_name_is_refused(tmp_path, name):
    result = RUNNER.invoke(app, ["new", "claim", "--out", str(tmp_path), "--", name])
    assert result.exit_code == 2
    assert "lower-case words joined by hyphens" in " ".join(result.output.split())
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_named():
    result = new("mine", "--out", "/proc/nowhere")
    assert result.exit_code == 2
    assert "cannot be written" in " ".join(result.output.split())
