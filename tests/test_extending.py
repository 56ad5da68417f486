"""The recipes for extensions outside the package run, hold, and reject what is wrong."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest

import linmod

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs/extending.md").read_text(encoding="utf-8")
RECIPES = re.findall(r"<!-- (docs/examples/\S+) -->\n```python\n(.*?)```", GUIDE, flags=re.DOTALL)


def run(recipe):
    return runpy.run_path(str(ROOT / f"docs/examples/extend_{recipe}.py"))


def test_there_are_five_recipes():
    names = [f"docs/examples/extend_{name}.py" for name in ("dataset", "network", "rule", "claim", "derivation")]
    assert [path for path, _ in RECIPES] == names


@pytest.mark.parametrize(("path", "code"), RECIPES, ids=[path for path, _ in RECIPES])
def test_the_guide_shows_the_example(path, code):
    assert code == (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("recipe", ["dataset", "network", "rule"])
def test_prediction_and_simulation_agree(recipe):
    agreement = run(recipe)["agreement"]
    assert agreement.passed
    assert agreement.max_error < 1e-12
    assert len(agreement.controls) > 1
    assert all(control.rejected for control in agreement.controls if control.distinct)


def test_a_rule_that_is_wrong_is_rejected():
    made = run("rule")
    problem, right = made["problem"], made["predict"]
    assert not linmod.compare(right(problem, 0.21), made["simulate"](problem), 1e-12).passed
    assert not linmod.compare(right(problem), linmod.dynamics.solve(problem), 1e-12).passed


def test_the_network_is_not_the_dense_one():
    problem = run("network")["problem"]
    dense = linmod.Problem(problem.dataset, linmod.Deep(hidden=8), problem.initial, problem.training)
    leaky, plain = (linmod.dynamics.solve(p).modes["sign_to_sign"] for p in (problem, dense))
    assert np.max(np.abs(leaky - plain)) > 1e-3


def test_the_claim_holds_and_rejects_its_control():
    evidence = run("claim")["claim"].run(linmod.Settings())
    assert evidence.passed
    assert all(finding.rejected == finding.controls > 0 for finding in evidence.findings)


def test_the_derivation_holds():
    assert "holds" in str(run("derivation")["exponential"].check())
