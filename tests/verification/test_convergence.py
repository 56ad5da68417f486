"""Orders of convergence: what counts as error, what the control must do, and what is reported."""

import numpy as np
import pytest

import linmod

DATASET = linmod.SystematicityDataset(2, 1, 1, 1)
PROBLEM = linmod.Problem(DATASET, linmod.Deep(8), linmod.Aligned(1e-3), linmod.Descent(0.1, 20, 5))
VALUES = [0.4, 0.2, 0.1]


def study(problem=PROBLEM, *, predict, control=None, **given):
    """Predictions that are wrong by the parameter."""
    current = iter(np.repeat(VALUES, 2))

    def problems(value):
        yield problem

    return linmod.convergence_order(
        "x",
        VALUES,
        problems,
        expected=(0.9, 1.1),
        predict=lambda p: predict(next(current)),
        control=lambda p: (control or predict)(next(current)),
        **given,
    )


def test_errors_are_relative_to_the_largest_value_of_the_kind():
    loss = linmod.dynamics.solve(PROBLEM).loss
    found = study(predict=lambda x: {"loss": loss + x * loss[0]}, control=lambda x: {"loss": loss + 0.3})
    np.testing.assert_allclose(found.errors, VALUES, rtol=1e-9)
    np.testing.assert_allclose(found.control_errors, 0.3 / loss[0], rtol=1e-9)
    assert (found.verdict, round(found.order, 6), round(found.control_order, 6)) == ("holds", 1.0, 0.0)
    assert found.spread.tolist() == [0.0, 0.0, 0.0]


def test_errors_of_what_is_zero_throughout_are_absolute():
    still = linmod.Problem(DATASET, linmod.Deep(8), linmod.Aligned(0.0), linmod.Descent(0.1, 20, 5))
    name = "mode sign_to_sign"
    found = study(still, predict=lambda x: {name: np.full(5, x)}, control=lambda x: {name: np.full(5, 1.0)})
    assert found.errors.tolist() == VALUES
    assert found.verdict == "holds"


def test_progress_counts_the_values_done():
    done = []
    loss = linmod.dynamics.solve(PROBLEM).loss
    study(predict=lambda x: {"loss": loss + x}, control=lambda x: {"loss": loss + 1}, progress=done.append)
    assert done == pytest.approx([1 / 3, 2 / 3, 1])


@pytest.mark.parametrize(("power", "verdict"), [(0, "holds"), (3, "holds"), (1, "undecided"), (1.05, "fails")])
def test_the_order_of_the_control_must_lie_outside_the_range_on_either_side(power, verdict):
    values = np.array(VALUES)
    found = linmod.ConvergenceOrder("x", values, values, 0 * values, values**power, (0.9, 1.1))
    assert found.verdict == verdict
    assert found.null_rejected == (verdict == "holds")


def test_orders_are_distinct_objects():
    values = np.array(VALUES)
    one, other = (linmod.ConvergenceOrder("x", values, values, values, values, (0.9, 1.1)) for _ in range(2))
    assert one != other
    assert len({one, other}) == 2
