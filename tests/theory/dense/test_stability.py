"""The largest stable step, against simulations just below and just above it, with and without momentum."""

import numpy as np
import pytest

from linmod import Aligned, Deep, Descent, Explicit, Problem, Shallow, SystematicityDataset, dynamics, theory

DATASETS = {
    "three classes": SystematicityDataset(n_x=2, n_y=1, k_x=1, k_y=1, n_bits=2),
    "scaled": SystematicityDataset(n_x=1, n_y=1, k_x=2, k_y=1, r=1.5, r_y=0.5, n_bits=2),
}
NETWORKS = {"shallow": Shallow(), "two layers": Deep(hidden=5), "three layers": Deep(hidden=5, layers=3)}


def _growth(network, dataset, step, momentum):
    """Factor by which the loss beside the solution changes over training."""
    classes = theory.spectrum(dataset).learnable
    start = Aligned({c.name: c.pi_star for c in classes})
    weights = start.weights(network, dataset)
    generator = np.random.default_rng(0)
    nearby = [matrix + 1e-7 * generator.standard_normal(matrix.shape) for matrix in weights]
    training = Descent(step, 70 if momentum else 200, momentum=momentum)
    loss = dynamics.solve(Problem(dataset, network, Explicit(nearby), training)).loss
    return loss[-1] / loss[0]


@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_training_is_stable_below_and_unstable_above_the_limit(dataset, network, momentum):
    limit = theory.largest_stable_step(network, dataset, momentum=momentum)
    assert limit == pytest.approx((1 + momentum) * theory.largest_stable_step(network, dataset), rel=1e-15)
    assert _growth(network, dataset, 0.98 * limit, momentum) < 0.1
    assert _growth(network, dataset, 1.02 * limit, momentum) > 10


def test_the_limit_without_momentum_is_far_from_that_with_it():
    network, dataset = NETWORKS["shallow"], DATASETS["scaled"]
    assert _growth(network, dataset, 1.02 * theory.largest_stable_step(network, dataset), 0.5) < 0.1


def test_momentum_is_below_one():
    with pytest.raises(ValueError, match="momentum must be"):
        theory.largest_stable_step(Shallow(), DATASETS["scaled"], momentum=1.0)
