"""`linmod check --formula`, `linmod book` and `linmod symbols`."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from linmod.commands.app import app

RUNNER = CliRunner()
LOGISTIC = "(lam/delta) / (1 + (lam/(delta*pi0) - 1)*exp(-2*lam*t))"


def run(*arguments):
    return RUNNER.invoke(app, list(arguments))


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--formula", LOGISTIC], 0, "holds: all 3 quantities"),
        (["--formula", LOGISTIC, "--layers", "3", "--start", "aligned:1e-2", "--hidden", "9"], 1, "fails:"),
        (["--formula", "N/(N + k_x*r^2)", "--of", "systematicity", "--n-x", "2", "--r", "0.7"], 0, "holds"),
        (["--formula", LOGISTIC, "--start", "small_random:1e-5", "--n-x", "2", "--k-x", "2", "--k-y", "1"], 0, "holds"),
        (["--formula", "5/7", "--of", "systematicity"], 3, "undecided"),
        (["--formula", r"\lambda/\delta", "--of", "final", "--network", "shallow"], 0, "holds"),
        (["--formula", "pi_next = pi*(1 + alpha*(lam - delta*pi))**2", "--step", "0.2"], 0, "holds"),
    ],
)
def test_a_formula_is_checked(arguments, status, said):
    done = run("check", "--only-here", *arguments)
    assert done.exit_code == status, done.output
    assert said in done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "either FILE.py or --formula"),
        (["claims.py", "--formula", "t"], "either FILE.py or --formula"),
        (["--formula", "__import__('os')"], "is not allowed"),
        (["--formula", "lamda_x*t"], "did you mean"),
        (["--formula", "lam*t", "--of", "everything"], "of must be one of"),
        (["--formula", "lam*t", "--start", "random"], "start must be aligned"),
        (["--formula", "lam*t", "--network", "wide"], "network must be"),
        (["--formula", "lam*t", "--of", "norm"], "block must be given"),
    ],
)
def test_wrong_usage_has_a_message(arguments, message):
    done = run("check", *arguments)
    assert done.exit_code == 2
    assert message in done.stderr


def test_norms_take_a_block():
    formula = "N*pi_1*sqrt(n_y/((N + k_x*r**2)*(N + k_y*r**2)))"
    done = run("check", "--only-here", "--formula", formula, "--of", "norm", "--block", "omega_x:omega_y")
    assert done.exit_code == 0, done.output


def test_the_book_is_listed_searched_and_shown():
    assert "two-layer-flow" in run("book").output
    assert "half-time-shallow" in run("book", "half", "time").output
    shown = run("book", "two-layer-flow").output
    assert "linmod derive two-layer" in shown
    assert "return" in run("book", "two-layer-flow", "--format", "javascript").output
    missing = run("book", "no", "such", "thing")
    assert missing.exit_code == 2
    assert "no formula" in missing.stderr
    assert run("book", "half-time-deep", "--format", "python").exit_code == 2


def test_symbols_are_listed():
    said = run("symbols").output
    assert "lambda_alpha" in said
    assert "pi_star" in said


@pytest.mark.slow
def test_the_readme_shows_what_is_printed():
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"```sh\nlinmod (check --formula .*?)\n```\n\n```text\n(.*?)```", readme, flags=re.DOTALL)
    done = run(*shlex.split(shown.group(1)))
    assert done.exit_code == 1
    for line in shown.group(2).splitlines():
        assert line == "..." or line.split(" is off by")[0] in done.output


def test_the_page_on_formulas_runs():
    page = (Path(__file__).parents[2] / "docs" / "formulas.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", page, flags=re.DOTALL).group(1)
    scope = {}
    exec(code.split("verdict.regions")[0], scope)
    assert scope["verdict"].verdict == "fails"
