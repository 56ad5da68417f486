"""Comparison, null controls, orders of convergence and claims: what must pass passes, what must fail fails."""

from dataclasses import replace

import numpy as np
import pytest

import linmod
from linmod.figures import CATALOGUE, select
from linmod.verification.claims import Outcome, run_claims

DATASET = linmod.SystematicityDataset(3, 1, 3, 1)
ALIGNED = linmod.Problem(DATASET, linmod.Deep(10), linmod.Aligned(1e-3), linmod.Descent(0.16, 200))
RANDOM = linmod.Problem(DATASET, linmod.Deep(50), linmod.SmallRandom(2e-4), linmod.Descent(0.16, 300))


@pytest.mark.parametrize("problem", [ALIGNED, RANDOM], ids=["aligned", "random"])
def test_the_theory_passes_and_all_controls_are_rejected(problem):
    agreement = linmod.verify(problem)
    assert agreement.passed
    assert [control.name for control in agreement.controls if not control.rejected] in ([], ["times x 1.01"])
    assert len(agreement.controls) == 6


@pytest.mark.parametrize(
    "wrong",
    [
        lambda problem: linmod.theory.solve(replace(problem, initial=linmod.Aligned(1.001e-3))),
        lambda problem: linmod.theory.solve(replace(problem, training=linmod.Flow(problem.times))),
        lambda problem: linmod.theory.solve(replace(problem, dataset=linmod.SystematicityDataset(3, 1, 3, 1, 1.001))),
    ],
    ids=["start off by a thousandth", "flow for descent", "r off by a thousandth"],
)
def test_a_slightly_wrong_prediction_fails(wrong):
    assert not linmod.verify(ALIGNED, predict=wrong).passed


def test_too_loose_a_tolerance_decides_nothing_because_standing_still_would_pass():
    agreement = linmod.verify(ALIGNED, tolerance=0.3)
    assert agreement.max_error < agreement.tolerance
    assert agreement.verdict == "undecided"
    assert "not tested" in agreement.reason
    assert not agreement.passed


def test_a_control_that_equals_the_prediction_is_not_counted_as_rejected():
    problem = replace(ALIGNED, network=linmod.Shallow(), initial=linmod.Aligned(0.0))
    agreement = linmod.verify(problem)
    same = next(control for control in agreement.controls if control.name == "initial strengths x 3")
    assert not same.distinct
    assert not same.rejected
    with pytest.raises(ValueError, match="initial strengths x 3"):
        agreement.require("initial strengths x 3")


def test_a_control_that_diverges_is_rejected():
    def diverges(problem):
        raise linmod.Divergence("too large a step")

    agreement = linmod.verify(ALIGNED, controls={"diverges": diverges})
    assert agreement.controls[1].rejected


def test_partial_predictions_are_compared_on_what_they_name():
    agreement = linmod.verify(ALIGNED, predict=lambda p: {"loss": linmod.theory.solve(p).loss}, tolerance=1e-12)
    assert agreement.passed
    assert list(agreement.by_quantity) == ["loss"]


def test_agreement_prints_as_text_and_html():
    agreement = linmod.verify(ALIGNED)
    assert "mode sign_to_sign" in str(agreement)
    assert "holds: all 10 quantities are within their bounds" in str(agreement)
    assert "<table>" in agreement._repr_html_()


@pytest.mark.parametrize(
    ("prediction", "error", "message"),
    [
        ({}, TypeError, "mapping of quantities"),
        ([1.0], TypeError, "mapping of quantities"),
        ({"mode nothing": np.zeros(201)}, ValueError, "unknown quantities"),
        ({"loss": np.zeros(3)}, ValueError, "must have shape"),
        ({"loss": np.full(201, np.nan)}, ValueError, "must be finite"),
    ],
)
def test_predictions_that_do_not_fit_are_refused(prediction, error, message):
    with pytest.raises(error, match=message):
        linmod.compare(prediction, linmod.dynamics.solve(ALIGNED), 1e-6)


def test_predictions_at_other_times_are_refused():
    other = linmod.theory.solve(replace(ALIGNED, training=linmod.Descent(0.15, 200)))
    with pytest.raises(ValueError, match="same times"):
        linmod.compare(other, linmod.dynamics.solve(ALIGNED), 1e-6)


@pytest.mark.parametrize("tolerance", [0.0, -1.0, np.nan])
def test_tolerance_must_be_positive(tolerance):
    with pytest.raises(ValueError, match="tolerance must be"):
        linmod.verify(ALIGNED, tolerance=tolerance)


def test_a_large_random_start_is_not_decided():
    agreement = linmod.verify(replace(RANDOM, initial=linmod.SmallRandom(0.3)))
    assert agreement.verdict == "undecided"
    assert "would decide it" in agreement.reason
    assert agreement.tolerance > agreement.max_error > 0.01


def test_convergence_order_rejects_a_wrong_order():
    def problems(step):
        training = linmod.Descent(step, round(8 / step), record_every=round(1 / step))
        return [replace(ALIGNED, network=linmod.Shallow(), training=training)]

    def flow(problem):
        return linmod.theory.solve(replace(problem, training=linmod.Flow(problem.times)))

    def study(expected):
        return linmod.convergence_order(
            "step size",
            [0.2, 0.1, 0.05],
            problems,
            expected=expected,
            predict=flow,
            control=lambda p: {"loss": p.times},
        )

    assert study((0.9, 1.1)).passed
    assert not study((1.9, 2.1)).passed
    assert not study((-1.0, 2.0)).null_rejected
    assert "holds: the order is" in str(study((0.9, 1.1)))
    assert "fails: the order is" in str(study((1.9, 2.1)))


@pytest.mark.parametrize("values", [[0.1, 0.2], [0.1, 0.2, 0.0], [0.1, -0.2, 0.3]])
def test_convergence_order_needs_three_positive_values(values):
    with pytest.raises(ValueError, match="at least three positive"):
        linmod.convergence_order("x", values, lambda x: [ALIGNED], expected=(0, 1), control=linmod.theory.solve)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"name": "Not A Slug"}, ValueError, "name must be lower-case"),
        ({"name": ""}, ValueError, "name must not be empty"),
        ({"source": " "}, ValueError, "source must not be empty"),
        ({"statement": 3}, TypeError, "statement must be str"),
        ({"check": None}, TypeError, "check must be callable"),
        ({"draw": "picture"}, TypeError, "draw must be callable"),
    ],
)
def test_malformed_claims_are_refused(changes, error, message):
    fields = {"name": "a", "source": "b", "statement": "c", "check": lambda settings: None}
    with pytest.raises(error, match=message):
        linmod.Claim(**{**fields, **changes})


def test_a_check_must_return_something_that_can_fail():
    for nothing in (None, (), True):
        claim = linmod.Claim("a", "b", "c", check=lambda settings, nothing=nothing: nothing)
        with pytest.raises(TypeError, match="check must return"):
            claim.run()


def test_one_broken_claim_does_not_stop_the_rest():
    def broken(settings):
        raise RuntimeError("no luck")

    claims = [
        linmod.Claim("broken", "b", "c", check=broken),
        linmod.Claim("sound", "b", "c", check=lambda s: linmod.verify(ALIGNED)),
    ]
    outcomes = list(run_claims(claims))
    assert [outcome.passed for outcome in outcomes] == [False, True]
    assert outcomes[0].error == "RuntimeError: no luck"
    assert not Outcome(claims[0], 0.0).passed


def test_the_catalogue_has_unique_names_and_pictures():
    names = [claim.name for claim in CATALOGUE]
    assert len(set(names)) == len(names)
    assert [claim.name for claim in select([])] == names
    with pytest.raises(ValueError, match="dense-deep"):
        select(["dense-depe"])


@pytest.mark.parametrize("seed", [100, 200])
@pytest.mark.parametrize("name", ["dense-deep", "initial-scale"])
def test_claims_hold_for_other_seeds(name, seed):
    (claim,) = select([name])
    assert claim.run(linmod.Settings(seed=seed, quick=True)).passed


@pytest.mark.parametrize("network", [linmod.Shallow(), linmod.Deep(hidden=2**5000)], ids=["shallow", "two layers"])
def test_the_closed_form_does_not_care_about_the_number_of_items(network):
    dataset = linmod.SystematicityDataset(n_x=5000, n_y=10, k_x=3, k_y=1)
    strengths = {"sign_to_sign": 1e-3, "sign_to_identity": 1e-3, "identity_to_identity": 0.0}
    problem = linmod.Problem(dataset, network, linmod.Aligned(strengths), linmod.Flow(np.linspace(0.0, 40.0, 5)))
    prediction = linmod.theory.solve(problem)
    assert prediction.modes["sign_to_sign"][-1] == pytest.approx(1.0, rel=1e-12)
    assert prediction.systematicity_ratio[-1] == 1.0
    assert np.all(np.isfinite(list(prediction.quantities.values())))
    with pytest.raises(ValueError, match="too many to list"):
        prediction.strengths  # noqa: B018
    with pytest.raises(ValueError, match="dense_limit"):
        linmod.dynamics.solve(problem)
