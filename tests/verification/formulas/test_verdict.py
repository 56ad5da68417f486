"""Verdicts on formulas in one problem, where they hold, and what they are."""

from __future__ import annotations

import time

import numpy as np
import pytest

import linmod
from linmod import Formula, book
from linmod.theory.symbolic.formula import FormulaError
from linmod.theory.symbolic.formula.expressions import positively
from linmod.verification.formulas import check
from linmod.verification.formulas.identity import identity
from linmod.verification.formulas.regions import condition, orders, regions
from linmod.verification.formulas.sample import Sample
from linmod.verification.formulas.verdict import default_problem, learned

DATASET = linmod.SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1)
LOGISTIC = "(lam/delta)/(1 + (lam/(delta*pi0) - 1)*exp(-2*lam*t))"


def problem(layers: int = 2, *, descent: bool = False, start: float = 1e-2) -> linmod.Problem:
    network = linmod.Shallow() if layers == 1 else linmod.Deep(hidden=10, layers=layers)
    flow = linmod.Problem(DATASET, network, linmod.Aligned(start), linmod.Flow([1.0]))
    return learned(flow, descent=descent)


def text(name: str) -> str:
    return str(positively(book[name].expression)).replace("hyper((1, -1 + 2/L), (2/L,), ", "hyp2f1(1, -1 + 2/L, 2/L, ")


RIGHT = (
    (LOGISTIC, {}, problem()),
    ("(lam/delta)/(1 + (lam/(delta*pi0) - 1)*exp(-2*lam*t/tau))", {}, problem()),
    (text("shallow-flow"), {}, problem(1)),
    (text("shallow-descent"), {}, problem(1, descent=True)),
    ("pi0*exp(-delta*t/tau) + lam/delta*(1 - exp(-delta*t/tau))", {}, problem(1)),
    ("dpi/dt = 2*pi*(lam - delta*pi)", {}, problem()),
    ("dpi/dt = L*pi**(2 - 2/L)*(lam - delta*pi)", {}, problem(3)),
    ("t = " + text("two-layer-flow-time"), {}, problem()),
    ("t = " + text("deep-flow-time"), {}, problem(3)),
    ("pi_next = pi*(1 + alpha*(lam - delta*pi))**2", {}, problem(descent=True)),
    (text("norm-signs-to-signs"), {"of": "norm", "block": ("omega_x", "omega_y")}, problem()),
    (text("norm-identities-to-identities"), {"of": "norm", "block": ("gamma_x", "gamma_y")}, problem()),
    (text("aligned-loss"), {"of": "loss"}, problem()),
    (text("systematicity-ratio"), {"of": "systematicity"}, problem()),
    ("lam/delta", {"of": "final"}, problem()),
    (text("half-time-two-layer"), {"of": "half_time"}, problem()),
    (text("half-time-deep"), {"of": "half_time"}, problem(4)),
    (text("held-out-one"), {"of": "held_out"}, problem(1)),
)


@pytest.mark.parametrize(("formula", "kind", "where"), RIGHT, ids=range(len(RIGHT)))
def test_right_formulas_hold(formula: str, kind: dict, where: linmod.Problem) -> None:
    verdict = check(formula, where, **kind)
    assert verdict.verdict == "holds", verdict.reason
    assert len(verdict.here.controls) >= 2
    assert all("rejected" in control and "NOT" not in control for control in verdict.here.controls)


@pytest.mark.parametrize(("formula", "kind", "where"), RIGHT, ids=range(len(RIGHT)))
def test_the_same_a_thousandth_larger_fail(formula: str, kind: dict, where: linmod.Problem) -> None:
    left, _, right = formula.rpartition("=")
    assert check(f"{left}{'=' if left else ''}1.001*({right})", where, **kind).verdict == "fails"


def test_what_cannot_be_wrong_is_undecided() -> None:
    still = linmod.Problem(DATASET, linmod.Deep(10), linmod.Aligned(1e-3), linmod.Flow([0.0, 1e-9, 2e-9]))
    learnt = {c.name: c.pi_star for c in linmod.theory.spectrum(DATASET).classes}
    rest = linmod.Problem(DATASET, linmod.Deep(10), linmod.Aligned(learnt), linmod.Flow(np.linspace(0, 5, 9)))
    assert check("pi0", still).verdict == "undecided"
    assert check(LOGISTIC, still).verdict == "undecided"
    assert check("lam/delta", rest).verdict == "undecided"
    assert check("8/11", problem(), of="systematicity").verdict == "undecided"


def test_one_problem_takes_less_than_two_seconds() -> None:
    check(LOGISTIC, default_problem())
    start = time.process_time()
    check(LOGISTIC)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("formula", "kind", "where", "message"),
    [
        ("lam*n", {}, problem(), "n has no value"),
        ("pi_1", {}, problem(), "pi_1 has no value"),
        ("pi_1", {"of": "norm", "block": ("omega_x", "nothing")}, problem(), "has no norm"),
        (
            "lam",
            {},
            linmod.Problem(DATASET, linmod.Shallow(), linmod.SmallRandom(), linmod.Flow([1.0])),
            "must be Aligned",
        ),
        (
            "lam",
            {},
            linmod.Problem(DATASET, linmod.Modular.output_split(linmod.Deep()), linmod.Aligned(), linmod.Flow([1.0])),
            "single chain",
        ),
    ],
)
def test_what_cannot_be_checked_is_refused(formula: str, kind: dict, where: linmod.Problem, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check(formula, where, **kind)


@pytest.mark.parametrize("formula", ["1/(lam - lam)", "log(-1 - lam/(delta*pi0))", "sqrt(pi0 - t)"])
def test_a_formula_without_a_real_value_fails(formula: str) -> None:
    verdict = check(formula)
    assert verdict.verdict == "fails"
    assert "no finite real number at" in verdict.reason
    assert "nan" not in str(verdict).replace("at time", "") or "inf" in str(verdict)


def test_a_text_that_is_no_formula_is_refused() -> None:
    with pytest.raises(FormulaError):
        check("import os")


IDENTITIES = (
    (LOGISTIC, (2, False), "equal", "two-layer-flow"),
    ("lam/delta + (pi0 - lam/delta)*exp(-delta*t)", (1, False), "equal", "shallow-flow"),
    ("pi_star/(1 + pi_star/pi0*exp(-2*lam*t))", (2, False), "limit", "two-layer-flow"),
    ("lam/delta", (2, False), "limit", "two-layer-flow"),
    ("lam/delta*(1 - exp(-lam*t))", (1, False), "different", "shallow-flow"),
    ("dpi/dt = 2*pi*(lam - delta*pi)", (2, False), "equal", "two-layer-flow-equation"),
)


@pytest.mark.parametrize(("formula", "home", "kind", "entry"), IDENTITIES, ids=range(len(IDENTITIES)))
def test_what_a_formula_is(formula: str, home: tuple[int, bool], kind: str, entry: str) -> None:
    found = identity(Formula(formula), home)
    assert (found.kind, found.entry) == (kind, entry)


def test_the_order_of_a_limit_is_named() -> None:
    found = identity(Formula("log(lam/(delta*pi0))/(2*lam)", of="half_time"), (2, False))
    assert (found.kind, found.entry) == ("limit", "half-time-two-layer")
    assert "pi0 -> 0" in found.statement


def test_the_difference_is_shown() -> None:
    found = identity(Formula("lam/delta*(1 - exp(-delta*t))"), (1, False))
    assert (found.kind, found.statement.endswith("by -pi0*exp(-delta*t)")) == ("limit", True)
    assert identity(Formula("pi0*exp(-delta*t)"), (1, False)).statement.endswith(
        "by -lam/delta + lam*exp(-delta*t)/delta"
    )


@pytest.mark.slow
def test_regions_and_orders() -> None:
    sample = Sample(Formula("lam + (pi0 - lam)*exp(-t)"), (1, False))
    by_name = {region.name: region.verdict for region in regions(sample)}
    assert by_name["1 layer, gradient flow"] == "mixed"
    assert by_name["2 layers, gradient flow"] == "fails"
    assert "it holds where delta = 1" in condition(sample)
    late = Sample(Formula("pi_star/(1 + pi_star/pi0*exp(-2*lam*t))"), (2, False))
    assert any("of first order in the initial strength" in remark for remark in orders(late))
    right = Sample(Formula(LOGISTIC), (2, False))
    found = list(orders(right))
    assert len(found) == 1
    assert "of first order in the step, under gradient descent" in found[0]
    assert condition(right) == ""


@pytest.mark.slow
def test_the_whole_verdict() -> None:
    start = time.process_time()
    verdict = check("(lam/delta)/(1 + (lam/(delta*pi0) + 1)*exp(-lam*t))")
    said = verdict.whole()
    assert time.process_time() - start < 30
    assert "exp(-2*lam*t)" in said
    assert "30 of 30" in said
    assert verdict.mends[0].complexity == 2
    assert not verdict.passed
    right = check(LOGISTIC)
    assert "nothing to mend" in right.whole()
    assert right.mends == ()
    assert all(limit.agrees for limit in right.limits)
    assert "it equals two-layer-flow" in right.whole()


def test_a_problem_that_cannot_notice_a_power_says_so() -> None:
    verdict = check("N/(N + k_x*r)", problem(), of="systematicity")
    assert verdict.passed
    assert "cannot notice powers of r, which is 1" in verdict.reason
    assert "cannot notice" not in check("N/(N + k_x*r**2)", of="systematicity").reason
    assert check("N/(N + k_x*r)", of="systematicity").verdict == "fails"


@pytest.mark.slow
def test_constants_are_numbers_with_intervals() -> None:
    verdict = check("pi_star/(1 + (pi_star/pi0 - 1)*exp(-2.6*lam*t)) + 0.2*pi0*t*exp(-9*t)")
    assert verdict.mends == ()
    best = verdict.constants[0]
    assert best.value == pytest.approx(-2, abs=1e-3)
    assert 0 < best.half_width < 1e-2
    assert "but " in verdict.whole()
    assert check("cos(t)").constants == ()


def test_random_weights() -> None:
    """Each mode starts with its effective strength; modes of a class come together as their root mean square."""
    training = linmod.Descent(step_size=0.16, steps=300, record_every=10)
    small, large = (linmod.Problem(DATASET, linmod.Deep(50), linmod.SmallRandom(std), training) for std in (2e-4, 0.1))
    step = "pi_next = pi*(1 + alpha*(lam - delta*pi))**2"
    assert check(step, small).verdict == "holds"
    assert check("pi_next = pi*(1 + alpha*(lam - delta*pi))**3", small).verdict == "fails"
    assert check(LOGISTIC, small).verdict == "fails"
    assert check(step, large).verdict != "holds"
    flow = linmod.Problem(DATASET, linmod.Deep(50), linmod.SmallRandom(1e-4), linmod.Flow(np.linspace(0, 60, 61)))
    assert check(LOGISTIC, flow).verdict == "holds"
