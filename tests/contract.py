"""The contract that a network or a rule with a closed form keeps: inherit it, and say which problem is meant.

    class TestMine(Contract):
        def problem(self, dataset):
            return linmod.Problem(dataset, my_network(), linmod.Aligned(0.05), linmod.Descent(0.05, 40))

pytest then checks at every edge of the dataset space that the prediction equals the simulation, that wrong predictions
are rejected, and that the network learned something, so that there was something to predict.
"""

import numpy as np
import pytest

from linmod import SystematicityDataset, dynamics, theory
from linmod.verification.controls import null_controls

# n_bits, n_x, n_y, k_x, k_y, r: the usual case, then one edge each
EDGES = [
    (3, 3, 1, 3, 1, 1.0),
    (3, 3, 3, 1, 2, 2.0),
    (2, 2, 2, 1, 2, 2.0),
    (2, 1, 2, 1, 1, 0.7),
    (2, 1, 1, 2, 1, -1.0),
    (2, 2, 1, 1, 1, 0.0),
    (2, 2, 1, 1, 0, 0.7),
    (2, 2, 1, 0, 1, 0.7),
    (2, 2, 1, 0, 0, 0.7),
    (2, 0, 1, 2, 1, 0.7),
    (2, 2, 0, 1, 1, 0.7),
    (2, 0, 0, 1, 2, 2.0),
    (1, 1, 1, 3, 2, 2.0),
]


def dataset_of(edge):
    """The dataset of a line of the table."""
    bits, *sizes = edge
    return SystematicityDataset(*sizes, n_bits=bits)


def gap(prediction, simulation):
    """Largest absolute difference of any quantity or strength at any time."""
    assert set(prediction.quantities) == set(simulation.quantities)
    assert np.array_equal(prediction.times, simulation.times)
    gaps = [np.abs(prediction.quantities[name] - values) for name, values in simulation.quantities.items()]
    gaps.append(np.abs(prediction.strengths - simulation.strengths).ravel())
    return max(float(np.max(one, initial=0.0)) for one in gaps)


def assert_keeps(problem, tolerance, *, predict=theory.solve, moved=1e-4, margin=1e-10):
    """Prediction equals simulation, every control that differs is rejected, and the loss moved.

    Returns the simulation and the prediction.
    """
    simulation, prediction = dynamics.solve(problem), predict(problem)
    error = gap(prediction, simulation)
    assert error <= tolerance, f"{problem}: {error:.2e}"
    for name, control in null_controls(problem).items():
        wrong = control(problem)
        if gap(wrong, prediction) > 1e-5:
            assert gap(wrong, simulation) > margin, (name, problem)
    assert np.max(np.abs(np.diff(simulation.loss))) > moved or not simulation.strengths.size, f"{problem}: no learning"
    return simulation, prediction


class Contract:
    """Tests at all edges of the dataset space; a subclass gives :meth:`problem`."""

    tolerance = 1e-12

    def problem(self, dataset):
        """The problem on a dataset, or None where the dataset lacks a block that the network needs."""
        raise NotImplementedError

    def predict(self, problem):
        """The prediction that is checked."""
        return theory.solve(problem)

    @pytest.mark.parametrize("edge", EDGES, ids=str)
    def test_prediction_is_simulation(self, edge):
        problem = self.problem(dataset_of(edge))
        if problem is not None:
            assert_keeps(problem, self.tolerance, predict=self.predict)

    def test_most_edges_are_covered(self):
        assert sum(self.problem(dataset_of(edge)) is not None for edge in EDGES) >= 5
