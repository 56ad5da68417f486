"""The pytest plugin: off until asked for, then every claim and finding is a test with its numbers."""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

import linmod
import linmod.commands.claim_files

pytest_plugins = ("pytester",)
ROOT = Path(__file__).parents[2]
linmod.verify(
    linmod.Problem(linmod.SystematicityDataset(2, 1, 1, 1), linmod.Deep(), linmod.Aligned(0.1), linmod.Descent(0.1, 9))
)
"""Loaded once: pytester forgets what was imported in a run, and NumPy cannot be imported twice."""

HEAD = """
import linmod
problem = linmod.Problem(linmod.SystematicityDataset(2, 1, 1, 1), linmod.Shallow(), linmod.Aligned(0.0),
                         linmod.Descent(0.1, 50))
def finding(label, error, reason=""):
    return linmod.Finding(label, error, 1.0, True, 2, 2, reason=reason)
def claim(name, check):
    return linmod.Claim(name, "my notes, equation 3", "It holds.", check=check)
"""
RIGHT = "right = claim('right', lambda settings: linmod.verify(problem))\n"
WRONG = "wrong = claim('wrong', lambda settings: linmod.verify(problem, predict=lambda p: {'loss': 0 * p.times}))\n"
UNDECIDED = "unsure = claim('unsure', lambda settings: linmod.verify(problem, tolerance=10.0))\n"
SEVERAL = (
    "several = claim('several', lambda s: linmod.Evidence((finding('near', 0.25), finding('far', 3.0, 'too far'),"
    " finding(f'seed {s.seed}, quick {s.quick}', 0.5))))\n"
)
MISSING = "from linmod.extras import require\nextra = claim('extra', lambda s: require('no_such_package', 'torch'))\n"


@pytest.fixture
def run(pytester):
    """Run pytest in a folder with claims, in this process."""

    def run_pytest(text, *arguments, file="claim_mine.py"):
        (pytester.path / file).write_text(HEAD + text, encoding="utf-8")
        return pytester.runpytest_inprocess("-p", "pytest_linmod", "-p", "no:cacheprovider", *arguments)

    return run_pytest


def cases(path):
    """Test cases of a JUnit report by name, each with its properties and whether it failed."""
    found = {}
    for case in ElementTree.parse(path).iter("testcase"):
        properties = {one.get("name"): one.get("value") for one in case.iter("property")}
        found[case.get("name")] = properties | {"failed": case.find("failure") is not None}
    return found


def test_nothing_is_collected_until_asked_for(run):
    result = run(WRONG)
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_nothing_of_linmod_is_imported_until_asked_for(tmp_path):
    (tmp_path / "claim_mine.py").write_text(HEAD + RIGHT)
    (tmp_path / "test_it.py").write_text(
        "import sys\ndef test_it():\n    assert 'pytest_linmod' in sys.modules\n"
        "    assert not [name for name in sys.modules if name.split('.')[0] in ('linmod', 'numpy', 'sympy')]\n"
    )
    command = [sys.executable, "-m", "pytest", "-p", "pytest_linmod", "-p", "no:cacheprovider", "-q", str(tmp_path)]
    there = os.environ | {"PYTHONPATH": str(ROOT / "plugin")}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=there, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_the_ini_option_asks_for_it(run, pytester):
    pytester.makeini("[pytest]\nlinmod = true\n")
    result = run(RIGHT)
    assert result.ret == 0
    result.assert_outcomes(passed=2)


def test_other_files_are_left_alone(run):
    assert run(WRONG, "--linmod", file="my_claims.py").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_claim_that_holds_passes_with_its_findings(run):
    result = run(RIGHT, "--linmod", "-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*claim_mine.py::right PASSED*", "*claim_mine.py::right[[]1 *PASSED*"])
    result.stdout.fnmatch_lines(["*linmod claims*", "verdict*claim*error*bound*", "holds*right*e-*of*"])


def test_a_wrong_claim_fails_with_its_numbers(run):
    result = run(RIGHT + WRONG, "--linmod")
    assert result.ret == 1
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(["wrong fails: *loss is off by*", "It holds.", "Source: my notes, equation 3"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_an_undecided_claim_does_not_pass(run):
    result = run(UNDECIDED, "--linmod")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["unsure is undecided: *would decide it*"])


def test_each_finding_is_a_test_in_the_junit_report(run, pytester):
    result = run(SEVERAL, "--linmod", "--linmod-quick", "--linmod-seed=7", f"--junitxml={pytester.path / 'r.xml'}")
    result.assert_outcomes(passed=2, failed=2)
    found = cases(pytester.path / "r.xml")
    third = "several[3 seed 7, quick True]"
    failed = {name: case["failed"] for name, case in found.items()}
    assert failed == {"several": True, "several[1 near]": False, "several[2 far]": True, third: False}
    assert found["several[2 far]"]["error"] == "3.00e+00"
    assert found["several[2 far]"]["verdict"] == "fails"
    assert found["several"]["null controls rejected"] == "6 of 6"


@pytest.mark.parametrize(("wanted", "outcomes"), [("right", {"passed": 2}), ("not right", {"failed": 2})])
def test_claims_are_selected_by_name(run, wanted, outcomes):
    run(RIGHT + WRONG, "--linmod", "-k", wanted).assert_outcomes(**outcomes, deselected=1)


def test_claims_are_shared_among_processes(run, pytester):
    pytest.importorskip("xdist")
    report = pytester.path / "r.xml"
    result = run(RIGHT + WRONG + SEVERAL, "--linmod", "-p", "xdist", "-n", "2", "-v", f"--junitxml={report}")
    assert result.ret == 1
    result.assert_outcomes(passed=4, failed=4)
    assert set(cases(report)) >= {"right", "wrong", "several", "several[1 near]", "several[2 far]"}
    result.stdout.fnmatch_lines(["*linmod claims*", "*several*6 of 6"])
    result.stdout.no_fnmatch_line("*[[]1[0-9][1-9]%]*")


def test_a_missing_extra_skips_with_the_line_that_installs_it(run):
    result = run(MISSING, "--linmod", "-rs")
    assert result.ret == 0
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*no_such_package is not installed*"])
    assert "pip install 'linmod[[]torch]'".replace("[[]", "[") in result.stdout.str().replace("\n", "")


def test_an_error_in_a_check_shows_where(run):
    result = run("def check(settings):\n    return 1 / 0\nbad = claim('bad', check)\n", "--linmod")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*return 1 / 0*", "*ZeroDivisionError*"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / 0", "cannot be run: ZeroDivisionError"),
        ("raise SystemExit", "ends the program"),
        ("", "found none"),
    ],
)
def test_a_file_without_claims_is_an_error(run, text, message):
    result = run(text, "--linmod")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.assert_outcomes(errors=1)
    assert message in " ".join(result.stdout.str().split())


def test_modules_next_to_the_file_can_be_imported(run, pytester):
    early = "def check(s):\n    import late_formulas\n    return late_formulas.check(s)\n"
    late = (
        "import linmod\ndef check(s):\n    from formulas_of_a_paper import problem\n    return linmod.verify(problem)\n"
    )
    pytester.makepyfile(formulas_of_a_paper=f"{HEAD}\n{early}", late_formulas=late)
    result = run("from formulas_of_a_paper import check\nmine = claim('mine', check)\n", "--linmod")
    result.assert_outcomes(passed=2)
