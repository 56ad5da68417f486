"""Errors, bounds and sensitivity of small made-up courses, whose values are known by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest

import linmod
from linmod.verification.agreement import Agreement, Control
from linmod.verification.errors import QuantityError, errors, gaps, kind, largest, ranges, ratio, same_times, scales
from linmod.verification.sensitivity import Sensitivity, from_probes, from_values

COURSE = {
    "mode a": np.array([0.0, 1.0, 2.0, 2.5]),
    "mode b": np.array([-4.0, -4.0, -3.0, -3.0]),
    "loss": np.array([0.5, 0.4, 0.1, 0.0]),
}


def test_ranges_scales_and_gaps():
    assert kind("mode a") == "mode"
    assert scales(COURSE) == {"mode": 4.0, "loss": 0.5}
    assert ranges(COURSE["mode b"]).tolist() == [1.0]
    several = np.array([[[0.0, 1.0]], [[2.0, -5.0]]])
    assert ranges(several).tolist() == [2.0, 6.0]
    assert gaps(several, np.zeros((2, 1, 2))).tolist() == [2.0, 5.0]


@pytest.mark.parametrize(
    ("error", "bound", "share"),
    [(1.0, 4.0, 0.25), (0.0, 0.0, 0.0), (1.0, 0.0, math.inf), (0.0, 2.0, 0.0), (1.0, math.inf, 0.0)],
)
def test_shares_of_a_bound(error, bound, share):
    assert ratio(error, bound) == share


def test_what_is_not_a_number_stays_one():
    assert math.isnan(ratio(math.nan, 1.0))
    assert math.isnan(ratio(1.0, math.nan))
    assert math.isnan(largest([1.0, math.nan]))
    assert largest([]) == 0.0


def test_a_quantity_is_tested_if_it_moves_by_four_bounds():
    quantity = QuantityError(error=0.1, range=2.0, scale=4.0, bound=0.5, rounding=1e-3)
    assert (quantity.relative, quantity.of_range, quantity.of_bound, quantity.tolerance) == (0.025, 0.05, 0.2, 0.125)
    assert quantity.tested
    assert not quantity.still
    wide = replace(quantity, bound=0.51)
    assert not wide.tested
    assert wide.tested_but_for(0.01)
    assert not wide.tested_but_for(0.004)
    still = QuantityError(error=0.0, range=0.0, scale=0.0, bound=0.0)
    assert still.still
    assert not still.tested
    assert math.isnan(still.of_range)
    assert not replace(still, error=1e-3).still
    assert not replace(still, range=1e-3).still
    assert replace(still, error=2.0, bound=3.0).relative == 2.0
    assert replace(still, error=2.0, bound=3.0).tolerance == 3.0
    assert replace(still, error=1e-3, range=1e-3, rounding=1e-3).still


def test_the_component_closest_to_its_bound_speaks_for_a_quantity():
    true = {"strengths with signs": np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 9.0]])}
    said = {"strengths with signs": np.array([[0.0, 0.0, 0.0], [1.1, 2.5, 9.0]])}
    bounds = {"strengths with signs": np.array([0.1, 1.0, 1.0])}
    (found,) = errors(said, true, bounds, {"strengths with signs": 1e-9}, {}).values()
    assert (found.error, found.range, found.scale, found.bound) == (pytest.approx(0.1), 1.0, 9.0, 0.1)
    (same,) = errors(true, true, bounds, {"strengths with signs": 1e-9}, {}).values()
    assert (same.error, same.range, same.rounding) == (0.0, 9.0, 1e-9)


def test_a_component_without_error_and_bound_does_not_hide_another():
    true = {"weights": np.array([[0.0, 0.0], [5.0, 1.0]])}
    said = {"weights": np.array([[0.0, 0.0], [5.0, 1.5]])}
    (found,) = errors(said, true, {"weights": np.array([0.0, 1.0])}, {"weights": 0.0}, {"weights": 0.25}).values()
    assert (found.error, found.bound, found.range, found.neglected) == (0.5, 1.0, 1.0, 0.25)


def test_strengths_and_weights_are_compared_where_shapes_agree_and_they_are_few(monkeypatch):
    dataset, training = linmod.SystematicityDataset(2, 1, 1, 1), linmod.Descent(0.1, 50, 5)
    problem = linmod.Problem(dataset, linmod.Deep(8), linmod.Aligned(1e-3), training)
    fair, run = linmod.theory.solve(problem), linmod.dynamics.solve(problem)
    parts = {"strengths with signs", "weights"}

    def named(prediction):
        return parts & set(linmod.compare(prediction, run, 1e-9).by_quantity)

    assert named(fair) == parts
    assert named(replace(fair, make_strengths=lambda: fair.strengths[:, 1:])) == {"weights"}
    assert named(replace(fair, make_weights=lambda: fair.weights[:1])) == {"strengths with signs"}
    limit = sum(layer.size for layer in fair.weights)
    monkeypatch.setattr("linmod.verification.errors.MOST_ENTRIES", limit)
    assert named(fair) == parts
    monkeypatch.setattr("linmod.verification.errors.MOST_ENTRIES", limit - 1)
    assert named(fair) == {"strengths with signs"}
    monkeypatch.setattr("linmod.verification.errors.MOST_ENTRIES", fair.strengths.size - 1)
    assert named(fair) == set()


def test_times_agree_to_sixteen_roundings():
    times = np.array([0.0, 1.0, 3.0])
    assert same_times(times, times * (1 + 8 * np.finfo(float).eps))
    assert not same_times(times, times * (1 + 1e-14))
    assert not same_times(times, times[:2])
    assert not same_times(times, times + np.array([1e-300, 0.0, 0.0]))


def test_sensitivity_from_probes_is_the_smallest_noticed_change():
    slack = {"mode a": np.array([0.1]), "loss": np.array([0.01])}
    moved = {**COURSE, "mode a": COURSE["mode a"] + 0.02, "loss": COURSE["loss"] + 0.001}
    found = from_probes(COURSE, {"start": moved, "rate": COURSE}, slack)
    # A change of 1 % moves the mode by .02 of .1, and the loss by .001 of .01.
    assert found.start == pytest.approx(0.01 / 0.2)
    assert found.rate == math.inf
    assert math.isnan(found.plateau)
    assert str(found) == "start off by 5 % noticed; rate not noticed; plateau not measured"
    assert str(Sensitivity(1.0, 0.5, 2.0)) == "start not noticed; rate off by 5e+01 % noticed; plateau not noticed"


def test_sensitivity_from_values_uses_slopes_to_both_neighbours():
    times = np.array([0.0, 1.0, 2.0, 4.0])
    values = {"mode a": np.array([0.0, 1.0, 3.0, 4.0]), "loss": np.array([9.0, 9.0, 9.0, 9.0])}
    found = from_values(times, values, {name: np.array([0.1]) for name in values})
    # Slopes are 1, 2 and .5, so that times change the values at 1 and 2 by 1 times 1 and 2 times .5.
    assert found.rate == pytest.approx(0.1)
    assert found.plateau == pytest.approx(0.1 / 4)
    assert math.isnan(found.start)
    three = from_values(times[:3], {"mode a": np.array([0.0, 1.0, 3.0])}, {"mode a": np.array([0.1])})
    assert three.rate == pytest.approx(0.1)
    single = from_values(times, {"weights": np.ones((4, 2)) * times[:, None]}, {"weights": np.full(2, 0.1)})
    assert (single.rate, single.plateau) == (math.inf, math.inf)
    ends = from_values(times[:2], {"mode a": np.array([0.0, 1.0])}, {"mode a": np.array([0.1])})
    assert ends.rate == math.inf


@pytest.mark.parametrize(
    ("error", "difference", "applies", "text"),
    [
        (5.0, 3.0, True, "rejected (error 5 bounds)"),
        (1.0, 3.0, True, "NOT rejected (error 1 bounds)"),
        (5.0, 2.0, True, "cannot be told apart from the prediction (difference 2 bounds)"),
        (5.0, 3.0, False, "does not apply (it equals the prediction)"),
    ],
)
def test_controls_in_words(error, difference, applies, text):
    assert str(Control("x", error, difference, applies)) == text


GOOD = QuantityError(error=0.1, range=8.0, scale=8.0, bound=1.0)
REJECTED = Control("wrong", 9.0, 9.0)


def agreement(quantity=GOOD, controls=(REJECTED,), sensitivity=None, neglected=0.0, doubts=()):
    return Agreement(
        by_quantity={"loss": replace(quantity, neglected=neglected)},
        controls=controls,
        sensitivity=sensitivity or Sensitivity(rate=0.4),
        left_out=(),
        doubts=doubts,
        description="d",
        prediction="p",
        simulation="s",
    )


@pytest.mark.parametrize(
    ("parts", "verdict", "reason"),
    [
        ({}, "holds", "1 of 1 wrong predictions are rejected"),
        ({"doubts": ("no", "never")}, "undecided", "no"),
        ({"quantity": replace(GOOD, error=1.0)}, "holds", "all 1 quantities"),
        ({"quantity": replace(GOOD, error=1.1)}, "fails", "1.1 times its bound (1 of 1 quantities"),
        ({"quantity": replace(GOOD, error=math.nan)}, "fails", "loss is off by nan"),
        ({"quantity": replace(GOOD, error=1.1), "neglected": 1.0}, "fails", "times its bound"),
        ({"controls": (Control("w", 1.0, 3.0), REJECTED)}, "fails", "'w' is within all bounds"),
        ({"controls": (REJECTED, Control("w", 9.0, 1.0))}, "undecided", "'w' cannot be told apart"),
        ({"controls": (REJECTED, Control("w", 9.0, 1.0, needed=False))}, "holds", "1 of 2"),
        ({"controls": (REJECTED, Control("w", 9.0, 1.0, applies=False))}, "holds", "1 of 1"),
        ({"controls": (Control("w", 9.0, 1.0, needed=False),)}, "undecided", "no wrong prediction can be told apart"),
        ({"controls": ()}, "undecided", "no wrong prediction can be told apart"),
        ({"sensitivity": Sensitivity(rate=0.5)}, "undecided", "half the speed"),
        ({"sensitivity": Sensitivity()}, "holds", "all 1"),
        ({"neglected": 0.001}, "holds", "all 1"),
        ({"neglected": 0.0011}, "undecided", "neglects up to 0.11 % of the range of loss"),
        ({"quantity": replace(GOOD, range=3.0)}, "undecided", "1 of 1 quantities are not tested"),
        ({"quantity": replace(GOOD, range=3.0), "neglected": 0.001}, "undecided", "not tested: loss"),
        ({"quantity": replace(GOOD, range=3.0), "neglected": 0.008}, "undecided", "not tested: loss"),
        ({"quantity": replace(GOOD, range=3.0), "neglected": 0.03}, "undecided", "neglects up to 3 %"),
        ({"quantity": replace(GOOD, range=3.98), "neglected": 0.001}, "undecided", "not tested: loss"),
        ({"quantity": replace(GOOD, range=0.0, error=0.0)}, "undecided", "nothing moves"),
    ],
)
def test_verdicts_by_hand(parts, verdict, reason):
    found = agreement(**parts)
    assert (found.verdict, found.passed) == (verdict, verdict == "holds")
    assert reason in found.reason
    assert f"{verdict}: {found.reason}" in str(found)


def test_simulations_of_another_kind_are_read_by_name():
    problem = linmod.Problem(
        linmod.SystematicityDataset(2, 1, 1, 1), linmod.Shallow(), linmod.Aligned(0.0), linmod.Descent(0.1, 5)
    )
    run = linmod.dynamics.solve(problem)
    with pytest.raises(ValueError, match=r"unknown quantities \['other'\]"):
        linmod.compare({"other": run.loss}, run, 1e-3)
    with pytest.raises(ValueError, match="must have shape"):
        linmod.compare({"loss": run.loss[:-1]}, run, 1e-3)
    with pytest.raises(TypeError, match="must be a Trajectory or a mapping"):
        linmod.compare({}, run, 1e-3)


def test_of_several_components_the_one_that_is_noticed_first_counts():
    base = {"strengths with signs": np.zeros((2, 3))}
    moved = {"strengths with signs": np.array([[0.0, 0.0, 0.0], [0.01, 0.04, 0.0]])}
    slack = {"strengths with signs": np.array([0.2, 0.4, 0.1])}
    assert from_probes(base, {"start": moved, "rate": base}, slack).start == pytest.approx(0.1)


def test_only_what_is_left_out_is_said_not_to_be_compared():
    assert "not compared" not in str(agreement())
    assert "not compared: mode a" in str(replace(agreement(), left_out=("mode a",)))


def test_a_flow_in_which_nothing_moves_is_said_to_be_that():
    dataset = linmod.SystematicityDataset(2, 1, 1, 1)
    still = linmod.Problem(dataset, linmod.Deep(8), linmod.Aligned(0.0), linmod.Flow([0.0, 1.0, 2.0]))
    assert "nothing moves" in linmod.verify(still).reason
