"""The command line, as a user meets it."""

import json
import signal
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from linmod.commands.app import app
from linmod.figures import CATALOGUE

RUNNER = CliRunner()

CLAIM = """
import linmod
problem = linmod.Problem(linmod.SystematicityDataset(2, 1, 1, 1), linmod.Shallow(), linmod.Aligned(0.0),
                         linmod.Descent(0.1, 50))
def check(settings):
    return {body}
mine = linmod.Claim("mine", "me", "It holds.", check=check)
"""


def invoke(*arguments):
    return RUNNER.invoke(app, [str(argument) for argument in arguments])


def write_claim(folder, body):
    file = folder / "claims.py"
    file.write_text(CLAIM.format(body=body))
    return file


def test_list_names_every_claim():
    result = invoke("list")
    assert result.exit_code == 0
    for claim in CATALOGUE:
        assert claim.name in result.output


def test_spectrum_prints_the_modes():
    result = invoke("spectrum", "--n-x", 3, "--k-x", 3)
    assert result.exit_code == 0
    assert "sign_to_identity" in result.output
    assert "0.414578" in result.output


def test_spectrum_of_a_dataset_far_beyond_memory():
    result = invoke("spectrum", "--n-x", 5000)
    assert result.exit_code == 0
    assert "2^4999" in result.output


def test_reproduce_writes_report_and_figures(tmp_path):
    result = invoke("reproduce", "systematicity-ratio", "dense-shallow", "--quick", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "report.json").read_text())
    assert [claim["verdict"] for claim in report["claims"]] == ["holds", "holds"]
    assert report["quick"] is True
    assert "systematicity-ratio: holds" in (tmp_path / "report.md").read_text()
    for suffix in ("png", "pdf"):
        assert (tmp_path / f"dense-shallow.{suffix}").stat().st_size > 5000


def test_reproduce_checks_all_claims_unless_some_are_named(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr("linmod.verification.claims.run_claims", lambda claims, settings: asked.extend(claims) or [])
    invoke("reproduce", "--quick", "--workers", 1, "--out", tmp_path)
    invoke("reproduce", "spectrum", "--quick", "--out", tmp_path)
    assert [claim.name for claim in asked] == [*(entry.name for entry in CATALOGUE), "spectrum"]


def test_the_report_does_not_depend_on_the_number_of_processes(tmp_path):
    reports = {}
    names = ("dense-deep", "dense-shallow", "systematicity-ratio")
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        result = invoke("reproduce", *names, "--quick", "--workers", workers, "--out", folder)
        assert result.exit_code == 0, result.output
        claims = json.loads((folder / "report.json").read_text())["claims"]
        assert all(claim.pop("seconds") > 0 for claim in claims)
        reports[workers] = claims
    assert reports[1] == reports[2]
    assert [claim["name"] for claim in reports[2]] == [entry.name for entry in CATALOGUE if entry.name in names]
    other = invoke("reproduce", *names, "--quick", "--seed", 3, "--workers", 2, "--out", tmp_path / "other")
    assert other.exit_code == 0
    assert json.loads((tmp_path / "other" / "report.json").read_text())["claims"] != reports[1]
    for name in names:
        first, second = (tmp_path / folder / f"{name}.png" for folder in "12")
        assert first.exists() == second.exists()
        assert not first.exists() or first.read_bytes() == second.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", [entry.name for entry in CATALOGUE if entry.group != "images"])
def test_reproduce_quickly(tmp_path, name):
    """The claims on images are checked in tests/figures/images and tests/projection."""
    result = invoke("reproduce", name, "--quick", "--seed", 7, "--out", tmp_path)
    assert result.exit_code == 0, result.output
    assert "1 of 1 claims hold" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["reproduce", "dense-deap"], "dense-deep"),
        (["reproduce", "--out", "/proc/nowhere"], "out must be a folder"),
        (["reproduce", "--out", __file__], "out must be a folder"),
        (["reproduce", "--seed", "-1"], "--seed"),
        (["reproduce", "--seed", "many"], "--seed"),
        (["reproduce", "--workers", "0"], "--workers"),
        (["spectrum"], "--n-x"),
        (["spectrum", "--n-x", "-1"], "n_x must be at least 0"),
        (["spectrum", "--n-x", "0", "--k-x", "0"], "k_x must be at least 1"),
        (["spectrum", "--n-x", "2", "--n-y", "0", "--k-y", "0"], "k_y must be at least 1"),
        (["spectrum", "--n-x", "2", "--r", "nan"], "r must be finite"),
        (["spectrum", "--n-x", "3", "--n-bits", "2"], "n_bits must be at least 3"),
        (["check", "nowhere.py"], "does not exist"),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_wrong_usage_exits_with_2_and_one_line(arguments, message):
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output


def test_check_passes_a_true_claim(tmp_path):
    file = write_claim(tmp_path, "linmod.verify(problem)")
    result = invoke("check", file, "--out", tmp_path)
    assert result.exit_code == 0, result.output
    assert "1 of 1 claims hold" in result.output


def test_check_fails_a_false_claim(tmp_path):
    file = write_claim(tmp_path, 'linmod.verify(problem, predict=lambda p: {"loss": 0 * p.times}, tolerance=1e-3)')
    result = invoke("check", file, "--out", tmp_path)
    assert result.exit_code == 1
    assert "fails" in result.output


def test_check_reports_an_error_and_goes_on(tmp_path):
    file = write_claim(tmp_path, "1 / 0")
    with file.open("a") as text:
        text.write('other = linmod.Claim("other", "me", "Too.", check=lambda settings: linmod.verify(problem))\n')
    result = invoke("check", file, "--out", tmp_path)
    assert result.exit_code == 1
    assert "ZeroDivisionError" in result.output
    assert "1 of 2 claims hold" in result.output


@pytest.mark.parametrize(
    ("text", "message"),
    [("x = 1", "at least one linmod.Claim"), ("x = ", "SyntaxError"), ("1 / 0", "ZeroDivisionError")],
)
def test_check_refuses_a_file_without_claims(tmp_path, text, message):
    file = tmp_path / "claims.py"
    file.write_text(text)
    result = invoke("check", file, "--out", tmp_path)
    assert result.exit_code == 2
    assert message in result.output


def test_interrupt_leaves_finished_results(tmp_path, start):
    file = write_claim(tmp_path, "linmod.verify(problem)")
    with file.open("a") as text:
        text.write("import time\n")
        text.write('slow = linmod.Claim("slow", "me", "Sleeps.", check=lambda settings: time.sleep(60))\n')
    command = [sys.executable, "-m", "linmod", "check", str(file), "--out", str(tmp_path)]
    process = start(command, cwd=tmp_path)
    _wait_for(tmp_path / "report.json")
    process.send_signal(signal.SIGINT)
    _, message = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "1 of 2 claims are finished" in message
    report = json.loads((tmp_path / "report.json").read_text())
    assert [claim["name"] for claim in report["claims"]] == ["mine"]


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} was not written"
        time.sleep(0.05)
