"""`linmod check`: no file and no claim escapes, and every text of a claim can be printed."""

import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from linmod.commands.app import app
from linmod.commands.reporting import literal

RUNNER = CliRunner()

HEAD = """
import sys
import linmod
problem = linmod.Problem(linmod.SystematicityDataset(2, 1, 1, 1), linmod.Shallow(), linmod.Aligned(0.0),
                         linmod.Descent(0.1, 50))
right = lambda settings: linmod.verify(problem)
wrong = lambda settings: linmod.verify(problem, predict=lambda p: {"loss": 0 * p.times})
doubtful = lambda settings: linmod.verify(problem, tolerance=10.0)
def claim(name, check=right, source="me", statement="It holds."):
    return linmod.Claim(name, source, statement, check=check)
"""


def check(folder, text, *more):
    file = folder / "claims.py"
    file.write_text(HEAD + text, encoding="utf-8")
    return RUNNER.invoke(app, ["check", str(file), "--out", str(folder / "out"), *more])


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("a = claim('a')", 0),
        ("a = claim('a'); b = claim('b', doubtful)", 3),
        ("a = claim('a', doubtful); b = claim('b', wrong); c = claim('c')", 1),
        ("a = claim('a', lambda settings: 1 / 0)", 1),
        ("a = claim('a', lambda settings: sys.exit(0))", 1),
        ("a = claim('a'); a = claim('a', lambda settings: sys.exit())", 1),
        ("both = [claim('a'), claim('b', wrong)]", 1),
        ("both = {'x': claim('a'), 'y': ({'z': claim('b', wrong)},)}", 1),
        ("a = b = claim('a')", 0),
        (
            "from linmod.extras import require\na = claim('a', lambda settings: require('no_such', 'torch'))",
            1,
        ),
    ],
)
def test_exit_status(tmp_path, text, status):
    result = check(tmp_path, text)
    assert result.exit_code == status, result.output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = claim('a', wrong)\nsys.exit()", "ends the program"),
        ("a = claim('a', wrong)\nsys.exit(0)", "ends the program"),
        (
            "a = claim('a')\nimport argparse\np = argparse.ArgumentParser()\np.add_argument('x')\np.parse_args()",
            "ends the",
        ),
        ("a = claim('half-time', wrong); b = claim('half-time')", "several named half-time"),
        ("claims = []", "found none"),
    ],
)
def test_files_that_hide_a_claim_are_refused(tmp_path, text, message):
    result = check(tmp_path, text)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
    assert not (tmp_path / "out").exists()


def test_the_reason_of_a_verdict_is_printed_and_reported(tmp_path):
    result = check(tmp_path, "a = claim('a', doubtful)")
    assert "undecided" in result.output
    assert "would decide it" in " ".join(result.output.split())
    (reported,) = json.loads((tmp_path / "out" / "report.json").read_text())["claims"]
    assert reported["verdict"] == "undecided"
    assert "would decide it" in reported["reason"]
    assert "0 of 1 claims hold, 1 undecided" in result.output


def test_a_module_next_to_the_file_can_be_imported_there_and_in_a_check(tmp_path):
    (tmp_path / "formulas_of_mine.py").write_text("STEP = 0.04\n")
    (tmp_path / "late_formulas_of_mine.py").write_text(
        "def right(p):\n    import linmod\n    return linmod.verify(p)\n"
    )
    text = "from formulas_of_mine import STEP\ndef late(s):\n    from late_formulas_of_mine import right\n"
    before = list(sys.path)
    result = check(tmp_path, text + "    return right(problem)\na = claim('a', late)")
    assert result.exit_code == 0, result.output
    assert sys.path == before


@pytest.mark.parametrize("source", ["notes, rates in [/tau]", "[a2014]", "[bold]x[/]", "a | b", "<lambda> & co"])
def test_marks_in_a_text_are_printed_as_they_are(tmp_path, source):
    text = f"def fail(settings):\n    raise ValueError({source!r})\n"
    result = check(tmp_path, f"{text}a = claim('a', fail, source={source!r}, statement={source!r})")
    assert result.exit_code == 1, result.output
    assert f"ValueError: {source}" in result.output
    report = (tmp_path / "out" / "report.md").read_text()
    assert f"Source: {literal(source)}." in report
    (row,) = [line for line in report.splitlines() if line.startswith("| a ")]
    assert row.replace("\\|", "").count("|") == 8


def test_markdown_shows_text_literally():
    assert literal("a | b_1 <x>\n*[y]*") == r"a \| b\_1 &lt;x&gt; \*\[y\]\*"


def _run(folder, text, **options):
    (folder / "claims.py").write_text(HEAD + text, encoding="utf-8")
    command = [sys.executable, "-m", "linmod", "check", "claims.py", "--out", "out"]
    return subprocess.run(command, capture_output=True, timeout=120, cwd=folder, check=False, **options)


def test_output_in_a_code_page_without_greek_letters(tmp_path):
    done = _run(tmp_path, "a = claim('a', source='λ → π')", env=os.environ | {"PYTHONIOENCODING": "cp1252"})
    assert done.returncode == 0, done.stderr
    assert "λ → π" in (tmp_path / "out" / "report.md").read_text(encoding="utf-8")


def test_a_full_disk_costs_the_report_and_not_the_verdicts(tmp_path):
    resource = pytest.importorskip("resource", reason="limits on the size of files are those of POSIX")

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    done = _run(tmp_path, "a = claim('a'); b = claim('b', wrong)", preexec_fn=small_files)
    assert done.returncode == 1
    assert b"1 of 2 claims hold" in done.stdout
    assert b"the report cannot be written" in done.stderr
    assert b"Traceback" not in done.stderr
    assert _run(tmp_path, "a = claim('a')", preexec_fn=small_files).returncode == 2
    assert not list((tmp_path / "out").glob("*.partial"))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no full device")
def test_an_output_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "claims.py").write_text(HEAD + "a = claim('a')", encoding="utf-8")
    for command in (["check", "claims.py", "--out", "out"], ["list"]):
        with open("/dev/full", "w") as full:
            run = subprocess.run(
                [sys.executable, "-m", "linmod", *command],
                cwd=tmp_path,
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                timeout=120,
            )
        assert run.returncode == 2
        assert run.stderr.strip().splitlines()[-1] == "error: the output cannot be written (No space left on device)"
        assert "Traceback" not in run.stderr
