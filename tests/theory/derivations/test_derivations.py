"""The derivations: all check, connect, and are settled mostly symbolically; wrong ones are refused at the step."""

from __future__ import annotations

import runpy
import time
from pathlib import Path

import numpy as np
import pytest
import sympy
from sympy import Eq, Function, Limit, MatrixSymbol, Symbol, exp

import linmod
from linmod.theory.derivations import (
    Algebra,
    AsLimit,
    Combination,
    Derivation,
    DoesNotFollow,
    Given,
    InAlgebra,
    Instance,
    Integration,
    OnMatrices,
    Rejected,
    Solves,
    Step,
    Through,
    catalogue,
)
from linmod.theory.symbolic import modes as symbolic

ROOT = Path(__file__).parents[3]
CATALOGUE = catalogue()
x, y, z = (Symbol(name, real=True) for name in "xyz")
f, t = Function("f"), Symbol("t", nonnegative=True)


def small(*lines, where=()):
    return Derivation("small", "A small one", "a test", {x: "x", y: "y", z: "z", f: "f", t: "t"}, lines, where)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_derivation_checks_within_ten_seconds(name):
    start = time.process_time()
    proof = CATALOGUE[name].check()
    assert proof.holds
    assert time.process_time() - start < 10
    for outcome in proof.steps:
        if outcome.settled.startswith("to 50 digits"):
            assert len(outcome.points) == 20


def test_most_steps_are_settled_symbolically():
    settled = [
        outcome.settled
        for derivation in CATALOGUE.values()
        for line, outcome in zip(derivation.lines, derivation.proof.steps, strict=True)
        if isinstance(line, Step) and not isinstance(line, Rejected)
    ]
    share = settled.count("symbolically") / len(settled)
    print(f"{len(settled)} steps, {share:.1%} symbolically")
    assert set(settled) == {"symbolically", "to 50 digits at 20 points"}
    assert share >= 0.9


def test_rejected_forms_come_with_a_counter_example():
    outcomes = [
        outcome
        for derivation in CATALOGUE.values()
        for line, outcome in zip(derivation.lines, derivation.proof.steps, strict=True)
        if isinstance(line, Rejected)
    ]
    assert len(outcomes) >= 12
    assert all(outcome.settled.startswith("rejected, differs at ") for outcome in outcomes)


@pytest.mark.parametrize("derivation", CATALOGUE.values(), ids=list(CATALOGUE))
def test_every_derivation_names_its_source_and_explains_its_steps(derivation):
    assert derivation.source
    assert derivation.about
    assert all(line.why.endswith(".") for line in derivation.lines)


def test_results_are_the_symbolic_forms():
    lam, delta = sympy.symbols("lam delta", positive=True)
    start = Symbol("pi0", positive=True)
    assert linmod.derive("two-layer")["solution"].rhs == symbolic.two_layer_flow(lam, delta, start)
    assert linmod.derive("shallow")["solution"].rhs == symbolic.shallow_flow(lam, delta)


def test_lambdify_takes_the_declared_order_and_names():
    ratio = linmod.derive("systematicity").lambdify("ratio")
    assert ratio(8, 3, 1.0) == ratio(N=8, k_x=3, r_x=1.0) == 8 / 11
    solution = linmod.derive("two-layer").lambdify("solution")
    np.testing.assert_allclose(
        solution(1.5, 0.5, np.array([0.0, 2.0]), 1e-3),
        linmod.theory.two_layer_flow(1.5, 0.5, 1e-3, [0.0, 2.0]),
        rtol=1e-13,
    )


def test_the_documented_example():
    page = (ROOT / "docs/derivations.md").read_text(encoding="utf-8")
    code = (ROOT / "docs/examples/my_derivation.py").read_text(encoding="utf-8")
    assert f"<!-- docs/examples/my_derivation.py -->\n```python\n{code}```" in page
    decay = runpy.run_path(str(ROOT / "docs/examples/my_derivation.py"))["decay"]
    assert f"```text\n{decay.check()}\n```" in page


GIVEN = Given("sum", Eq(z, x + y), "Definition.")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((GIVEN, Step("no ground", Eq(z, x), "None.", Algebra())), "'no ground': it cites no earlier step"),
        ((Step("early", Eq(z, x), "None.", Algebra("sum")), GIVEN), "'early': it cites 'sum', but the steps before"),
        ((GIVEN,), "no step uses the premise 'sum'"),
        ((GIVEN, GIVEN), "'sum': the name is taken"),
        ((GIVEN, Step("no equation", x > y, "None.", Algebra("sum"))), r"'no equation': the statement must be an Eq"),
        ((GIVEN, Step("w", Eq(z, Symbol("w")), "None.", Algebra("sum"))), "'w': symbols must be declared .* w are not"),
        ((GIVEN, Rejected("only", Eq(z, x), "None.", Algebra("sum"))), "at least one Step"),
    ],
)
def test_what_does_not_connect_is_refused(lines, message):
    with pytest.raises(ValueError, match=message):
        small(*lines)


@pytest.mark.parametrize(
    "step",
    [
        Step("wrong", Eq(z, x - y), "A sign.", Algebra("sum")),
        Step("wrong", Eq(x, y), "Something else.", Algebra("sum")),
        Step("wrong", Eq(z - x, 2 * y), "A factor.", Through("sum")),
        Step("wrong", Eq(z - x, 2 * y), "A factor.", Combination(sum=1)),
        Step("wrong", Eq(x, z + y), "A sign.", Solves("sum")),
        Step("wrong", Eq(z**2, x**2 + y**2), "A term.", Integration(x, 0, "sum")),
        Step("wrong", Eq(Limit(z, x, 0), x), "Not a limit.", AsLimit("sum")),
        Step("wrong", Eq(Limit(z, x, 0), 2 * y), "A factor.", AsLimit("sum")),
    ],
    ids=lambda step: type(step.check).__name__,
)
def test_a_step_that_does_not_follow_is_named_with_its_residual(step):
    wrong = small(GIVEN, step)
    with pytest.raises(DoesNotFollow, match=r"small, step 'wrong' does not follow from 'sum': .*left minus right is"):
        wrong.check()
    assert not wrong.proof.holds


def test_a_citation_that_plays_no_part_is_named():
    idle = Given("idle", Eq(f(t), 1), "Idle.")
    lines = (GIVEN, idle, Step("step", Eq(z - x, y), "Subtract.", Algebra("sum", "idle")))
    with pytest.raises(DoesNotFollow, match=r"cites \['idle'\], which plays no part in it"):
        small(*lines).check()


def test_a_rejected_form_that_holds_is_an_error():
    lines = (
        GIVEN,
        Step("right", Eq(z - x, y), "Yes.", Algebra("sum")),
        Rejected("also right", Eq(z, y + x), "No.", Algebra("sum")),
    )
    with pytest.raises(DoesNotFollow, match=r"'also right'.*holds after all"):
        small(*lines).check()


def test_conditions_restrict_the_domain():
    lines = (GIVEN, Step("root", Eq(sympy.sqrt(z**2), x + y), "Positive.", Algebra("sum")))
    assert small(*lines, where=(x > 0, y > 0)).proof.holds
    assert not small(*lines).proof.holds
    with pytest.raises(ValueError, match="no point found where"):
        assert small(*lines, where=(x > 10**6,)).proof


def test_a_solution_needs_its_initial_value():
    motion, start = Given("motion", Eq(f(t).diff(t), -f(t)), "Decay."), Given("start", Eq(f(0), 3), "Start.")
    assert small(motion, start, Step("right", Eq(f(t), 3 * exp(-t)), "Yes.", Solves("motion", "start"))).proof.holds
    assert not small(motion, start, Step("wrong", Eq(f(t), exp(-t)), "No.", Solves("motion", "start"))).proof.holds
    assert not small(motion, start, Step("wrong", Eq(2 * f(t), exp(-t)), "No.", Solves("motion", "start"))).proof.holds


def test_matrices_without_a_value_are_named():
    size = Symbol("n", integer=True, positive=True)
    A, B = MatrixSymbol("A", size, size), MatrixSymbol("B", size, size)
    symbols = {A: "a matrix", B: "another"}
    given = Given("given", Eq(A * A, A, evaluate=False), "A projection.")
    instances = lambda: [Instance("one", {A: sympy.ImmutableMatrix([[1, 0], [0, 0]])})]  # noqa: E731
    right = Step("right", Eq(A * A * A, A, evaluate=False), "Twice.", OnMatrices(instances, "given"))
    assert Derivation("m", "M", "a test", symbols, (given, right)).proof.holds
    for step in (
        Step("wrong", Eq(A * B, A, evaluate=False), "No.", OnMatrices(instances, "given")),
        Step("wrong", Eq(A * B, A, evaluate=False), "No.", InAlgebra((A,), "given")),
    ):
        with pytest.raises(DoesNotFollow, match="B has no value"):
            Derivation("m", "M", "a test", symbols, (given, step)).check()


def test_an_unknown_step_is_named():
    with pytest.raises(KeyError, match="shallow has no step 'end'"):
        assert linmod.derive("shallow")["end"]
