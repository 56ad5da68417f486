"""The three verdicts: what holds, what fails, and what nothing can be said of, each with its reason."""

import math
from dataclasses import replace

import numpy as np
import pytest

import linmod
from linmod.theory import solve, spectrum
from linmod.verification.agreement import Control
from linmod.verification.claims import Evidence, Finding, Outcome, run_claims
from linmod.verification.verdicts import combined

DATASET = linmod.SystematicityDataset(3, 1, 3, 1)
ALIGNED = linmod.Problem(DATASET, linmod.Deep(10), linmod.Aligned(1e-3), linmod.Descent(0.16, 200, 10))
FLOW = linmod.Problem(DATASET, linmod.Deep(10), linmod.Aligned(1e-6), linmod.Flow(np.linspace(0, 40, 21)))
DEFAULT = linmod.Problem(DATASET, linmod.Deep(50), linmod.SmallRandom(), linmod.Descent(0.16, 300))
SMALL_MODES = linmod.Problem(
    linmod.SystematicityDataset(3, 1, 3, 1, r_y=3e-3),
    linmod.Deep(50),
    linmod.SmallRandom(8e-6, seed=0),
    linmod.Descent(0.3, 40000, 400),
)


def right(problem):
    return linmod.theory.solve(problem)


def doubled(problem):
    classes = spectrum(problem.dataset).classes
    twice = tuple(replace(c, lam=2 * c.lam, delta=2 * c.delta) for c in classes)
    return solve(problem, spectrum=linmod.theory.Spectrum(twice))


def test_the_default_start_is_decided_and_the_reason_is_printed():
    agreement = linmod.verify(DEFAULT)
    assert agreement.verdict == "holds"
    for text in (str(agreement), agreement._repr_html_()):
        assert agreement.reason in text
        assert "sensitivity: start off by" in text
    late = linmod.verify(DEFAULT, predict=lambda p: solve(p, strength_factor=3.0))
    assert late.verdict == "fails"
    assert "times its bound" in late.reason


@pytest.mark.slow
def test_two_of_three_classes_predicted_as_zero_fail():
    fair, simulation = right(SMALL_MODES), linmod.dynamics.solve(SMALL_MODES)

    def verify(prediction, **how):
        """Verify a prediction with one simulation for all."""
        return linmod.verify(
            SMALL_MODES,
            predict=lambda problem: prediction,
            simulate=lambda problem: simulation if problem is SMALL_MODES else linmod.dynamics.solve(problem),
            **how,
        )

    assert verify(fair).verdict == "holds"
    modes = {name: values if name == "sign_to_sign" else 0 * values for name, values in fair.modes.items()}
    wrong = replace(fair, modes=modes, make_neglected=lambda: fair.neglected)
    assert verify(wrong).verdict == "fails"
    loose = verify(wrong, tolerance=1e-2)
    assert loose.verdict == "undecided"
    assert "not tested: mode sign_to_identity" in loose.reason


def test_a_start_off_by_one_percent_fails_under_flow():
    assert linmod.verify(FLOW).verdict == "holds"
    assert linmod.verify(FLOW, predict=lambda p: solve(p, strength_factor=1.01)).verdict == "fails"


@pytest.mark.parametrize("problem", [ALIGNED, FLOW, DEFAULT], ids=["descent", "flow", "random"])
def test_what_the_sensitivity_says_is_noticed(problem):
    sensitivity = linmod.verify(problem).sensitivity
    for factor, verdict in ((2.5, "fails"), (0.2, "holds")):
        off = 1 + factor * sensitivity.start
        assert linmod.verify(problem, predict=lambda p, off=off: solve(p, strength_factor=off)).verdict == verdict
        high = 1 + factor * sensitivity.plateau
        assert linmod.verify(problem, predict=lambda p, high=high: with_plateaus(p, high)).verdict == verdict


def with_plateaus(problem, factor):
    classes = spectrum(problem.dataset).classes
    return solve(problem, spectrum=linmod.theory.Spectrum(tuple(replace(c, delta=c.delta / factor) for c in classes)))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("part", ["loss", "norms", "modes"])
def test_values_that_are_not_numbers_are_refused_on_either_side(part, value):
    fair, simulation = right(ALIGNED), linmod.dynamics.solve(ALIGNED)

    def spoilt(run):
        values = getattr(run, part)
        bad = np.where(np.arange(len(run.times)) == 3, value, run.loss)
        return replace(run, **{part: bad if part == "loss" else {**values, next(iter(values)): bad}})

    for sides in ((spoilt(fair), simulation), (fair, spoilt(simulation))):
        with pytest.raises(ValueError, match="must be finite"):
            linmod.compare(*sides, 1e-9)


def test_a_null_control_that_is_not_a_number_decides_nothing():
    wrong = {"loss": np.full(len(ALIGNED.times), np.nan)}
    agreement = linmod.verify(ALIGNED, controls={"nothing": lambda p: wrong})
    assert agreement.verdict == "undecided"
    assert "'nothing' cannot be told apart" in agreement.reason
    assert not Control("x", math.nan, math.nan).rejected


def test_a_null_control_that_says_the_same_is_counted_and_decides_nothing():
    agreement = linmod.verify(ALIGNED, controls={"same": right})
    assert agreement.verdict == "undecided"
    assert agreement.counts == (1, 2)
    assert "1 of 2 wrong predictions rejected" in str(agreement)
    failing = linmod.verify(ALIGNED, predict=doubled, controls={"same": doubled})
    assert not next(control for control in failing.controls if control.name == "same").rejected


@pytest.mark.parametrize("predictor", [right, doubled])
def test_end_points_say_nothing_of_the_rate(predictor):
    ends = replace(FLOW, training=linmod.Flow([0.0, 400.0]))
    agreement = linmod.verify(ends, predict=predictor)
    assert agreement.verdict == "undecided"
    assert "half the speed would pass" in agreement.reason
    assert linmod.verify(FLOW, predict=doubled).verdict == "fails"


@pytest.mark.parametrize("predictor", [right, doubled])
def test_end_points_whose_last_is_nearly_converged_do_not_confirm_a_rate(predictor):
    # A rate 1 % off moves the last value by a twentieth of a bound, one 100 % off by no more than a sixth.
    dataset = linmod.SystematicityDataset(1, 0, 0, 2, r=0.1, r_y=0.5, n_bits=3)
    training = linmod.Descent(0.4134552835706826, 57, record_every=57)
    ends = linmod.Problem(dataset, linmod.Shallow(), linmod.Aligned(0.03), training)
    for controls in (None, {"off": lambda p: solve(p, strength_factor=3.0)}):
        agreement = linmod.verify(ends, predict=predictor, controls=controls)
        assert agreement.verdict == "undecided"
        assert "'times x 2' cannot be told apart" in agreement.reason
        assert "rate not noticed" in str(agreement)
    during = replace(ends, training=replace(training, record_every=5))
    assert linmod.verify(during).verdict == "holds"
    assert linmod.verify(during, predict=doubled).verdict == "fails"


@pytest.mark.parametrize("training", [linmod.Flow(np.linspace(0, 14, 3)), linmod.Descent(0.5, 30, 15)])
def test_twice_the_speed_is_told_apart_where_times_lie_in_learning(training):
    problem = replace(ALIGNED, initial=linmod.Aligned(0.1), training=training)
    assert linmod.verify(problem).verdict == "holds"
    assert linmod.verify(problem, tolerance=0.05).verdict == "holds"
    names = [control.name for control in linmod.verify(problem, tolerance=0.05).controls if control.rejected]
    assert "times x 2" in names


def test_compare_of_two_times_says_nothing_of_the_rate():
    ends = replace(ALIGNED, training=linmod.Descent(0.16, 2000, 2000))
    agreement = linmod.compare(right(ends), linmod.dynamics.solve(ends), 1e-10)
    assert agreement.verdict == "undecided"
    assert "rate" in agreement.reason


def test_a_prediction_that_is_the_simulation_decides_nothing():
    run = linmod.dynamics.solve(ALIGNED)
    copies = (
        run,
        run.quantities,
        replace(run),
        replace(run, origin="mine"),
        {k: v.copy() for k, v in run.quantities.items()},
    )
    for copy in copies:
        agreement = linmod.compare(copy, run, 1e-9)
        assert agreement.verdict == "undecided"
        assert "equal in every bit" in agreement.reason
    assert linmod.verify(ALIGNED, predict=linmod.dynamics.solve).verdict == "undecided"


@pytest.mark.parametrize("predictor", [right, doubled, lambda p: {"loss": right(p).loss * (1 + 1e-15)}])
def test_theory_is_not_a_simulation(predictor):
    agreement = linmod.verify(ALIGNED, predict=predictor, simulate=right)
    assert agreement.verdict == "undecided"
    agreement = linmod.verify(ALIGNED, predict=doubled, simulate=doubled)
    assert agreement.verdict == "undecided"


def test_signed_strengths_and_weights_are_compared():
    fair = right(ALIGNED)
    signs = replace(fair, make_strengths=lambda: -fair.strengths)
    agreement = linmod.verify(ALIGNED, predict=lambda p: signs)
    assert agreement.verdict == "fails"
    assert agreement.worst == "strengths with signs"
    weights = replace(fair, make_weights=lambda: tuple(1.001 * layer for layer in fair.weights))
    agreement = linmod.verify(ALIGNED, predict=lambda p: weights)
    assert agreement.verdict == "fails"
    assert agreement.worst == "weights"


def test_what_is_left_out_is_named():
    names = list(right(ALIGNED).quantities)
    agreement = linmod.verify(ALIGNED, predict=lambda p: {n: right(p).quantities[n] for n in names[1:]})
    assert agreement.verdict == "holds"
    assert agreement.left_out == (names[0],)
    for text in (agreement.reason, str(agreement), agreement._repr_html_()):
        assert "not compared: mode sign_to_sign" in text


def test_times_agree_to_rounding():
    run = linmod.dynamics.solve(ALIGNED)
    with pytest.raises(ValueError, match="same times"):
        linmod.compare(replace(right(ALIGNED), times=ALIGNED.times * (1 + 1e-9)), run, 1e-6)
    linmod.compare(replace(right(ALIGNED), times=ALIGNED.times * (1 + 1e-15)), run, 1e-6)


def test_a_flow_whose_error_is_unknown_is_undecided_without_a_tolerance():
    run = linmod.dynamics.solve(FLOW)
    agreement = linmod.verify(FLOW, simulate=lambda _: run)
    assert agreement.verdict == "undecided"
    assert "the error of the simulation is unknown" in agreement.reason
    assert linmod.verify(FLOW, simulate=lambda _: run, tolerance=1e-5).verdict == "holds"


@pytest.mark.parametrize(
    ("steps", "every", "verdict"),
    [(100, 5, "holds"), (600, 20, "undecided"), (3000, 75, "undecided"), (3000, 3000, "undecided")],
)
def test_rounding_errors_that_grow_make_a_right_prediction_undecided_not_wrong(steps, every, verdict):
    training = linmod.Descent(0.16, steps, every)
    problem = replace(ALIGNED, initial=linmod.Aligned(-1e-3), training=training)
    agreement = linmod.verify(problem)
    assert agreement.verdict == verdict
    assert ("rounding errors in the initial weights" in agreement.reason) == (verdict == "undecided")
    assert linmod.verify(problem, predict=doubled).verdict == ("fails" if verdict == "holds" else "undecided")


def test_norms_that_have_converged_are_not_said_to_be_wrong():
    late = linmod.Flow(np.linspace(200.0, 400.0, 12))
    agreement = linmod.verify(replace(DEFAULT, initial=linmod.SmallRandom(1e-4), training=late))
    assert agreement.verdict == "undecided"
    assert "not tested" in agreement.reason
    wrong = linmod.verify(replace(ALIGNED, training=late), predict=lambda p: {"loss": right(p).loss + 0.1})
    assert wrong.verdict == "fails"


def test_a_single_time_decides_nothing_but_can_refute():
    once = replace(ALIGNED, training=linmod.Flow([20.0]))
    assert linmod.verify(once).verdict == "undecided"
    assert linmod.verify(once, predict=lambda p: solve(p, strength_factor=1.5)).verdict == "fails"


def test_nothing_moves():
    still = replace(ALIGNED, initial=linmod.Aligned(0.0))
    agreement = linmod.verify(still)
    assert agreement.verdict == "undecided"
    assert "nothing moves" in agreement.reason


def test_where_theory_has_no_closed_form_a_given_prediction_is_tested_against_itself_at_other_times():
    training = linmod.Descent(0.05, 100, 5, momentum=0.5)
    problem = linmod.Problem(DATASET, linmod.Shallow(), linmod.Aligned(0.0), training)

    def heavy_ball(problem):
        by_class = {}
        for c in spectrum(problem.dataset).learnable:
            pi, change, course = 0.0, 0.0, [0.0]
            for _ in range(problem.training.steps):
                change = 0.5 * change + problem.training.step_size * (c.lam - c.delta * pi)
                pi += change
                course.append(pi)
            by_class[f"mode {c.name}"] = np.array(course)[list(problem.training.recorded_steps)]
        return by_class

    agreement = linmod.verify(problem, predict=heavy_ball)
    assert agreement.verdict == "holds"
    assert [control.name for control in agreement.controls] == ["constant", "times x 0.5", "times x 1.01"]
    slower = linmod.verify(problem, predict=lambda p: {n: 0.99 * v for n, v in heavy_ball(p).items()})
    assert slower.verdict == "fails"


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({}, "holds"),
        ({"error": math.nan}, "fails"),
        ({"error": math.inf}, "fails"),
        ({"tolerance": math.nan}, "fails"),
        ({"error": 2.0}, "fails"),
        ({"passed": False}, "fails"),
        ({"passed": np.bool_(True)}, "holds"),
        ({"undecided": True}, "undecided"),
    ],
)
def test_findings(fields, verdict):
    found = Finding(
        **{"label": "x", "error": 0.5, "tolerance": 1.0, "passed": True, "controls": 1, "rejected": 1, **fields}
    )
    assert found.verdict == verdict
    assert found.passed == (verdict == "holds")
    evidence = Evidence((Finding("y", 0.1, 1.0, True, 1, 1), found))
    assert evidence.verdict == verdict
    assert evidence.passed == (verdict == "holds")
    if verdict != "holds":
        assert evidence.worst is found


def test_a_claim_without_a_rejected_control_is_undecided():
    assert Evidence((Finding("x", 0.5, 1.0, True, 0, 0),)).verdict == "undecided"
    assert Evidence(()).verdict == "undecided"
    assert "control" in Evidence((Finding("x", 0.5, 1.0, True, 0, 0),)).reason


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        (["holds", "holds"], "holds"),
        (["holds", "undecided"], "undecided"),
        (["undecided", "fails"], "fails"),
        ([], "undecided"),
        (["anything"], "fails"),
    ],
)
def test_verdicts_add_up(parts, whole):
    assert combined(parts) == whole


def test_a_check_that_exits_is_an_error_and_no_verdict():
    def leaves(settings):
        raise SystemExit(0)

    (outcome,) = run_claims([linmod.Claim("a", "b", "c", check=leaves)])
    assert outcome.error == "SystemExit: 0"
    assert outcome.verdict == "fails"
    assert Outcome(outcome.claim, 0.0).verdict == "fails"


@pytest.mark.parametrize(
    ("errors", "controls", "verdict"),
    [
        ([1.0, 0.1, 0.01], [1.0, 1.0, 1.0], "holds"),
        ([1.0, 1.0, 1.0], [1.0, 1.0, 1.0], "fails"),
        ([1.0, 0.1, 0.01], [1.0, 0.1, 0.02], "fails"),
        ([1.0, 0.1, 0.01], [1.0, 0.1, 0.01], "undecided"),
        ([1.0, math.nan, 0.01], [1.0, 1.0, 1.0], "fails"),
        ([1.0, 0.1, 0.01], [1.0, math.nan, 1.0], "undecided"),
        ([0.0, 0.0, 0.0], [1.0, 1.0, 1.0], "undecided"),
    ],
)
def test_orders_of_convergence(errors, controls, verdict):
    values = np.array([1.0, 0.1, 0.01])
    order = linmod.ConvergenceOrder("x", values, np.array(errors), 0 * values, np.array(controls), (0.8, 1.2))
    assert order.verdict == verdict
    assert order.passed == (verdict == "holds")
    assert order.reason in str(order)
