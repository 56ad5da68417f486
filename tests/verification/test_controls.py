"""Deliberately wrong predictions: which there are, when they count, and what becomes of the verdict."""

from dataclasses import replace

import numpy as np
import pytest

import linmod
from linmod.theory import solve
from linmod.verification.agreement import Agreement, Control
from linmod.verification.controls import with_doubled_times
from linmod.verification.errors import QuantityError
from linmod.verification.sensitivity import Sensitivity

DATASET = linmod.SystematicityDataset(3, 1, 3, 1)
ALIGNED = linmod.Problem(DATASET, linmod.Deep(10), linmod.Aligned(1e-3), linmod.Descent(0.16, 200, 10))
COUPLED = linmod.Dataset(np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 2.0]]), np.array([[1.0, 0.5, -1.0], [0.0, 1.0, 1.0]]))


def test_twice_the_times_take_steps_of_the_same_size():
    flow = replace(ALIGNED, training=linmod.Flow([0.0, 1.0, 5.0], rtol=1e-6))
    assert with_doubled_times(flow).times.tolist() == [0.0, 2.0, 10.0]
    assert with_doubled_times(flow).training.rtol == 1e-6
    descent = replace(ALIGNED, training=linmod.Descent(0.16, 25, 10))
    doubled = with_doubled_times(descent)
    assert doubled.training.step_size == 0.16
    np.testing.assert_allclose(doubled.times, 2 * descent.times, rtol=1e-15)


def test_a_control_counts_if_one_quantity_of_many_tells_it_apart():
    # Two of the four blocks stand still in every prediction.
    dataset = linmod.SystematicityDataset(2, 0, 1, 1)
    agreement = linmod.verify(replace(ALIGNED, dataset=dataset))
    assert agreement.verdict == "holds"
    assert agreement.counts == (6, 6)


def test_a_closed_form_without_modes_has_the_controls_that_exist_for_it():
    training = linmod.Descent(0.05, 200, 10)
    problem = linmod.Problem(COUPLED, linmod.Shallow(), linmod.SmallRandom(0.1), training)
    agreement = linmod.verify(problem)
    assert agreement.verdict == "holds"
    assert {"constant", "times x 0.5", "times x 1.01"} <= {c.name for c in agreement.controls if c.rejected}
    slower = replace(problem, training=replace(training, step_size=0.049))
    assert linmod.verify(problem, predict=lambda p: replace(solve(slower), times=p.times)).verdict == "fails"


def test_a_given_prediction_is_also_tested_at_twice_the_times_where_a_rate_1_percent_off_goes_unnoticed():
    problem = replace(ALIGNED, training=replace(ALIGNED.training, momentum=0.5))

    def nearly(problem):
        return {"loss": linmod.dynamics.solve(problem).loss * (1 + 1e-12)}

    agreement = linmod.verify(problem, predict=nearly, tolerance=0.05)
    assert agreement.verdict == "holds"
    assert "times x 2" in {control.name for control in agreement.controls if control.rejected}


def _agreement(*controls, **quantities):
    return Agreement(quantities, controls, Sensitivity(rate=0.1), (), (), "problem", "prediction", "simulation")


MOVES = QuantityError(error=0.1, range=8.0, scale=8.0, bound=1.0)
REJECTED, SAME = Control("wrong", 9.0, 9.0), Control("same", 9.0, 1.0)


@pytest.mark.parametrize(
    ("controls", "rejected"),
    [
        ((REJECTED,), True),
        ((REJECTED, SAME), True),
        ((SAME,), False),
        ((), False),
        ((REJECTED, Control("accepted", 0.5, 9.0)), False),
    ],
)
def test_all_wrong_predictions_that_can_be_told_apart_must_be_rejected(controls, rejected):
    assert _agreement(*controls, loss=MOVES).null_rejected is rejected


def test_required_controls():
    found = _agreement(REJECTED, SAME, loss=MOVES)
    assert found.require() is found
    assert found.require("wrong") is found
    with pytest.raises(ValueError, match=r"controls \['absent', 'same'\] do not differ"):
        found.require("same", "wrong", "absent")


def test_the_table_says_what_was_tested():
    found = _agreement(
        **{
            "mode a": MOVES,
            "mode b": replace(MOVES, range=3.0),
            "mode c": replace(MOVES, range=0.0, error=0.0),
            "weights": replace(MOVES, range=3.0),
            "strengths with signs": MOVES,
        }
    )
    last = {line[:20].strip(): line.split("  ")[-1].strip() for line in found.table().splitlines()[2:]}
    assert last["mode a"] == "yes"
    assert last["mode b"] == "NOT TESTED"
    assert last["mode c"] == "stands still"
    assert last["weights"] not in ("yes", "NOT TESTED", "stands still")
    assert last["strengths with signs"] not in ("yes", "NOT TESTED", "stands still")


def test_equal_values_of_another_origin_are_another_computation():
    run = linmod.dynamics.solve(ALIGNED)
    copied = replace(
        run,
        origin="mine",
        modes={name: values.copy() for name, values in run.modes.items()},
        norms={pair: values.copy() for pair, values in run.norms.items()},
        loss=run.loss.copy(),
    )
    assert linmod.compare(copied, run, 1e-9).verdict == "holds"
    assert linmod.compare(replace(copied, origin=run.origin), run, 1e-9).verdict == "undecided"
    assert linmod.compare(replace(copied, loss=run.loss), run, 1e-9).verdict == "undecided"


def test_a_prediction_without_a_closed_form_is_asked_for_half_the_times_and_for_1_percent_more():
    asked = []

    def nearly(problem):
        asked.append(problem.training.step_size)
        return {"loss": linmod.dynamics.solve(problem).loss * (1 + 1e-12)}

    linmod.verify(replace(ALIGNED, training=replace(ALIGNED.training, momentum=0.5)), predict=nearly)
    assert asked == pytest.approx([0.16, 0.08, 0.1616])


def test_a_flow_is_integrated_again_for_the_quantities_that_are_named():
    flow = replace(ALIGNED, training=linmod.Flow(np.linspace(0, 20, 11)))
    fair = solve(flow)
    for names in (["loss"], ["mode sign_to_sign", "loss"]):
        agreement = linmod.verify(flow, predict=lambda p, names=names: {n: fair.quantities[n] for n in names})
        assert agreement.verdict == "holds"
        assert list(agreement.by_quantity) == names


def test_a_prediction_is_judged_where_the_closed_form_diverges():
    def calm(problem):
        return replace(problem, initial=linmod.Aligned(1e-3))

    wild = replace(ALIGNED, initial=linmod.Aligned(500.0))
    with pytest.raises(linmod.Divergence):
        solve(wild)
    parts = {"simulate": lambda p: linmod.dynamics.solve(calm(p))}
    agreement = linmod.verify(wild, predict=lambda p: solve(calm(p)).quantities, **parts)
    assert agreement.verdict == "holds"
    late = linmod.verify(wild, predict=lambda p: solve(calm(p), strength_factor=1.01).quantities, **parts)
    assert late.verdict == "fails"
