"""What reports say: numbers beside figures, captions, failing quantities, places of errors; none is overwritten."""

import csv
import json
import sys

import pytest
from typer.testing import CliRunner

from linmod.commands.app import app
from linmod.figures import CATALOGUE

RUNNER = CliRunner()
HEAD = """
import linmod
problem = linmod.Problem(linmod.SystematicityDataset(2, 1, 1, 1), linmod.Shallow(), linmod.Aligned(0.0),
                         linmod.Descent(0.1, 50))
right = lambda settings: linmod.verify(problem)
wrong = lambda settings: linmod.verify(problem, predict=lambda p: {"loss": 0 * p.times})
def claim(name, check=right, **more):
    return linmod.Claim(name, "me", "It holds.", check=check, **more)
"""
BROKEN = "def check(settings):\n    return settings.nothing\na = claim('a', check)\n"


def check(folder, text, *more):
    file = folder / "claims.py"
    file.write_text(HEAD + text, encoding="utf-8")
    return RUNNER.invoke(app, ["check", str(file), "--out", str(folder / "out"), *more])


def report(folder):
    return (folder / "out" / "report.md").read_text(encoding="utf-8")


def test_figures_have_their_numbers_and_a_caption(tmp_path):
    result = RUNNER.invoke(app, ["reproduce", "dense-deep", "--quick", "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    with (tmp_path / "out" / "dense-deep.csv").open(encoding="utf-8") as file:
        curves = {row["curve"] for row in csv.DictReader(file)}
    assert {"sign $\\to$ sign, predicted", "sign $\\to$ sign, simulated", "bound"} <= curves
    text = report(tmp_path)
    assert "Lines: predicted; markers: simulated" in text
    assert "[dense-deep.csv](dense-deep.csv)" in text


def test_numbers_that_cannot_be_read_cost_a_remark_and_not_the_verdict(tmp_path, monkeypatch):
    def fail(figure):
        raise RuntimeError("an artist of another kind")

    monkeypatch.setattr("linmod.commands.drawn.plotted_numbers", fail)
    draw = "from matplotlib.figure import Figure\na = claim('a', draw=lambda evidence: Figure())"
    result = check(tmp_path, draw)
    assert result.exit_code == 0, result.output
    assert "a: the numbers of its figure cannot be read: RuntimeError: an artist" in " ".join(result.output.split())
    assert "a.csv" not in report(tmp_path)
    assert (tmp_path / "out" / "a.png").exists()


@pytest.mark.parametrize("entry", [e for e in CATALOGUE if e.group != "images"], ids=lambda entry: entry.name)
def test_every_figure_of_the_catalogue_says_what_is_line_and_what_is_marker(entry):
    claim = entry.load()
    words = claim.caption.lower()
    assert claim.draw is None or any(word in words for word in ("line", "contour"))
    assert claim.draw is None or any(word in words for word in ("marker", "circle"))


def test_a_claim_that_fails_shows_the_quantities_that_do(tmp_path):
    assert check(tmp_path, "a = claim('a', wrong)").exit_code == 1
    text = report(tmp_path)
    assert "Beyond their bounds in " in text
    assert "- loss: error " in text
    (reported,) = json.loads((tmp_path / "out" / "report.json").read_text())["claims"]
    assert reported["findings"][0]["beyond"][0].startswith("loss: error ")
    assert reported["findings"][0]["unit"] == "of largest"


def test_a_claim_that_holds_shows_none(tmp_path):
    assert check(tmp_path, "a = claim('a')").exit_code == 0
    assert "Beyond their bounds" not in report(tmp_path)


def test_an_error_names_its_line(tmp_path):
    result = check(tmp_path, BROKEN)
    line = len(HEAD.splitlines()) + 2
    assert result.exit_code == 1
    for text in ("".join(result.output.split()), "".join(report(tmp_path).split())):
        assert "AttributeError" in text
        assert f"claims.py:{line}" in text
    assert "Traceback" not in result.output + report(tmp_path)


def test_the_line_of_an_error_inside_linmod_is_that_of_the_call(tmp_path):
    text = "def check(settings):\n    linmod.verify(3)\na = claim('a', check)\n"
    check(tmp_path, text)
    (reported,) = json.loads((tmp_path / "out" / "report.json").read_text())["claims"]
    assert reported["where"].endswith(f"claims.py:{len(HEAD.splitlines()) + 2}")


def test_a_traceback_is_shown_on_demand(tmp_path):
    result = check(tmp_path, BROKEN, "--traceback")
    assert result.exit_code == 1
    for text in (result.output, report(tmp_path)):
        assert "Traceback" in text
        assert "return settings.nothing" in text


def test_an_error_while_the_file_is_read_names_its_line_and_shows_the_traceback_on_demand(tmp_path):
    text, line = "x = 1 / 0\n", len(HEAD.splitlines()) + 1
    short, long = check(tmp_path, text), check(tmp_path, text, "--traceback")
    assert short.exit_code == long.exit_code == 2
    assert f"claims.py:{line}" in "".join(short.output.split())
    assert "Traceback" not in short.output
    assert "Traceback" in long.output


def test_check_does_not_overwrite_the_report_of_reproduce(tmp_path):
    out = str(tmp_path / "out")
    assert RUNNER.invoke(app, ["reproduce", "systematicity-ratio", "--quick", "--out", out]).exit_code == 0
    before = report(tmp_path)
    result = check(tmp_path, "a = claim('a')")
    assert result.exit_code == 2
    assert "holds the report of reproduce, which is not overwritten" in " ".join(result.output.split())
    assert report(tmp_path) == before
    assert not (tmp_path / "out" / "a.csv").exists()


def test_a_report_of_check_is_replaced_by_the_next(tmp_path):
    assert check(tmp_path, "a = claim('a')").exit_code == 0
    assert check(tmp_path, "b = claim('b')").exit_code == 0
    assert "## b: holds" in report(tmp_path)
    refused = RUNNER.invoke(app, ["reproduce", "spectrum", "--quick", "--out", str(tmp_path / "out")])
    assert refused.exit_code == 2


def test_check_writes_to_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(HEAD + "a = claim('a')")
    assert RUNNER.invoke(app, ["check", "mine.py"]).exit_code == 0
    assert (tmp_path / "results" / "mine" / "report.md").exists()
    assert not (tmp_path / "results" / "report.md").exists()


def test_a_claim_without_its_extra_is_skipped_unless_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr("linmod.commands.reproduce.select", lambda names: (_torch(),), raising=False)
    monkeypatch.setattr("linmod.figures.select", lambda names: (_torch(),))
    skipped = RUNNER.invoke(app, ["reproduce", "images", "--quick", "--out", str(tmp_path / "out")])
    assert skipped.exit_code == 0, skipped.output
    assert "1 skipped" in skipped.output
    assert "pip install 'linmod[torch]'" in " ".join(skipped.output.split())
    assert "Skipped: torch is not installed; install it with" in report(tmp_path)
    named = RUNNER.invoke(app, ["reproduce", "torch-linear", "--quick", "--out", str(tmp_path / "out")])
    assert named.exit_code == 1


def _torch():
    from linmod.figures.images.torch_linear import TORCH_LINEAR

    return TORCH_LINEAR


def test_tables_fit_into_80_columns(tmp_path, monkeypatch):
    from linmod.commands.console import console

    monkeypatch.setattr(console, "width", 80)
    result = check(tmp_path, "a = claim('imperfect-partition'); b = claim('systematicity-ratio', wrong)")
    lines = [line for line in result.output.splitlines() if "e-" in line and "partition" in line]
    assert len(lines) == 1
    assert lines[0].split()[-1] == "holds"
    listed = RUNNER.invoke(app, ["list"])
    assert max(map(len, listed.output.splitlines())) <= 80
    for entry in CATALOGUE:
        assert entry.name in listed.output
