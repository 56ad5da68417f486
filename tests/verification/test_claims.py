"""Findings and evidence: which finding decides a claim, and what it says; intervals and standard errors."""

import math

import numpy as np
import pytest

import linmod
from linmod.extras import MissingExtra
from linmod.verification.claims import Evidence, Finding, Outcome, evidence, finding, run_claims
from linmod.verification.intervals import MeanInterval, lower, mean_interval
from linmod.verification.standard_errors import Measured, critical_value, finding_of

PROBLEM = linmod.Problem(
    linmod.SystematicityDataset(2, 1, 1, 1), linmod.Deep(8), linmod.Aligned(1e-3), linmod.Descent(0.1, 200, 10)
)
HOLDS = Finding("holds", 0.5, 1.0, True, 2, 1)
FAILS = Finding("fails", 0.1, 1.0, False, 1, 0)
UNDECIDED = Finding("undecided", 0.9, 1.0, True, 1, 1, undecided=True, reason="too little data")


def test_the_worst_verdict_decides_and_among_equals_the_finding_closest_to_its_bound():
    assert Evidence((HOLDS, UNDECIDED, FAILS)).worst is FAILS
    assert (
        Evidence((FAILS, HOLDS, UNDECIDED)).reason
        == "fails: error 1.00e-01, bound 1.00e+00, 0 of 1 null controls rejected"
    )
    assert Evidence((HOLDS, UNDECIDED)).worst is UNDECIDED
    assert Evidence((HOLDS, UNDECIDED)).reason == "undecided: too little data"
    closer = Finding("closer", 3.0, 4.0, True, 1, 1)
    found = Evidence((HOLDS, closer))
    assert (found.worst, found.verdict, found.passed) == (closer, "holds", True)
    assert found.reason.startswith("closer: error 3.00e+00, bound 4.00e+00, 1 of 1")
    assert Evidence(()).reason == "nothing was measured; a finding would decide it"
    beyond = Finding("beyond", math.nan, 1.0, True, 1, 1)
    assert beyond.of_bound == math.inf
    assert Evidence((FAILS, beyond)).worst is beyond


def test_an_agreement_as_a_finding():
    agreement = linmod.verify(PROBLEM)
    found = finding(agreement)
    assert (found.label, found.verdict, found.reason) == (agreement.description, "holds", agreement.reason)
    assert (found.rejected, found.controls) == agreement.counts
    assert found.error == agreement.by_quantity[agreement.worst].relative
    assert found.tolerance == agreement.tolerance
    assert finding(agreement, "other").label == "other"
    unclear = linmod.verify(PROBLEM, tolerance=0.9)
    assert unclear.verdict == finding(unclear).verdict == "undecided"


@pytest.mark.parametrize(("errors", "verdict"), [([4.0, 2.0, 1.0], "holds"), ([1.0, 1.0, 1.0], "fails")])
def test_an_order_as_a_finding(errors, verdict):
    values = np.array([4.0, 2.0, 1.0])
    order = linmod.ConvergenceOrder("x", values, np.array(errors), 0 * values, np.ones(3), (0.6, 1.2))
    found = finding(order)
    assert (found.label, found.verdict, found.order, found.reason) == ("order in x", verdict, order.order, order.reason)
    assert found.error == pytest.approx(abs(order.order - 0.9))
    assert found.tolerance == pytest.approx(0.3)
    assert (found.controls, found.rejected) == (1, 1)
    assert evidence(order).verdict == verdict
    assert evidence([order, linmod.verify(PROBLEM)]).verdict == verdict
    assert evidence(order).data["checked"] == (order,)


def test_outcomes():
    claim = linmod.Claim("a", "b", "c", check=lambda settings: Evidence((HOLDS,)))
    (outcome,) = run_claims([claim])
    assert (outcome.verdict, outcome.passed, outcome.missing, outcome.skipped) == ("holds", True, False, False)
    assert outcome.reason == outcome.evidence.reason
    assert outcome.seconds >= 0
    assert Outcome(claim, 0.0).reason == "it was not checked"
    assert Outcome(claim, 0.0, error="E: x").reason == "E: x"
    assert Outcome(claim, 0.0, outcome.evidence, error="E: x").verdict == "fails"

    def lacks(settings):
        raise MissingExtra("torch", "torch")

    (lacking,) = run_claims([linmod.Claim("a", "b", "c", check=lacks)])
    assert lacking.missing
    assert lacking.verdict == "fails"


def test_settings():
    images = linmod.datasets.Images(np.zeros((2, 4, 4)), [0, 1])
    assert linmod.Settings(images=images).source_images is images
    assert linmod.Settings(seed=3).seeds(4, 2) == [3, 4, 5, 6]
    assert linmod.Settings(seed=3, quick=True).seeds(4, 2) == [3, 4]
    seen = []
    claim = linmod.Claim("a", "b", "c", check=lambda settings: seen.append(settings.seed) or Evidence((HOLDS,)))
    list(run_claims([claim], lambda given: linmod.Settings(seed=len(given.name))))
    claim.run()
    assert seen == [1, 0]


def test_intervals():
    assert mean_interval([1.0, 3.0]).mean == 2.0
    assert mean_interval([1.0, 3.0]).half_width == pytest.approx(12.706, rel=1e-4)  # Student's t with one degree
    with pytest.raises(ValueError, match="at least 2 seeds, got 1"):
        mean_interval([1.0])
    assert MeanInterval(-1.0, 0.5).below_zero
    assert not MeanInterval(-1.0, 1.0).below_zero
    assert MeanInterval(-2.0, 1.0).uncertainty == 0.5
    assert MeanInterval(0.0, 1.0).uncertainty == MeanInterval(1.0, 1.0).uncertainty == math.inf


@pytest.mark.parametrize(
    ("better", "null", "verdict", "rejected"),
    [(-1.0, 0.0, "holds", 1), (1.0, 0.0, "fails", 0), (-1.0, -1.0, "fails", 0), (-1.0, -3.0, "fails", 0)],
)
def test_a_method_is_better_if_it_is_more_so_than_where_there_is_nothing_to_find(better, null, verdict, rejected):
    noise = np.array([0.0, 0.1, -0.1, 0.05, -0.05])
    found = lower("x", (noise + better, 2 * noise), (null + 2 * noise, noise))
    assert (found.verdict, found.controls, found.rejected) == (verdict, 1, rejected)
    if better < 0:
        assert found.error == pytest.approx(mean_interval(noise).half_width)


def test_means_in_standard_errors():
    assert critical_value(1) == pytest.approx(3.891, abs=1e-3)  # two-sided, 1e-4
    assert critical_value(10) == pytest.approx(4.417, abs=1e-3)  # two-sided, 1e-5
    near = Measured(3.0, 3.5, 0.25, declared=0.1, wrong=(5.0,))
    assert near.excess(3.0) == pytest.approx(0.4 / 0.25)
    assert near.excess(3.45) == 0.0
    edge = 2 * (0.1 + 4 * 0.25)
    assert near.tells_apart(3.0 + edge + 1e-9, 4.0)
    assert not near.tells_apart(3.0 + edge, 4.0)
    assert not near.tells_apart(3.0 - edge, 4.0)


@pytest.mark.parametrize(
    ("points", "verdict", "counts"),
    [
        ([Measured(3.0, 3.01, 0.01, wrong=(2.0,))], "holds", (1, 1)),
        ([Measured(3.0, 3.1, 0.01, wrong=(2.0,))], "fails", (1, 1)),
        ([Measured(3.0, 3.01, 0.01, wrong=(3.001,))], "fails", (0, 0)),
        ([Measured(3.0, 3.01, 0.01)], "fails", (0, 0)),
        ([Measured(3.0, 3.0, 0.01, wrong=(2.0,)), Measured(3.0, 3.1, 0.01, wrong=(2.0, 1.0))], "fails", (3, 3)),
        ([Measured(3.0, 3.0, 0.01, wrong=(2.0,)), Measured(3.0, 2.2, 0.01, 0.18, wrong=(2.0,))], "fails", (2, 1)),
    ],
)
def test_findings_of_means(points, verdict, counts):
    found = finding_of("x", points)
    assert (found.verdict, (found.controls, found.rejected)) == (verdict, counts)
    assert found.tolerance == critical_value(len(points))
    assert found.error == max(point.excess(point.predicted) for point in points)
