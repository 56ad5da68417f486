"""All coordinates are one training: spectral and compressed coordinates against every weight on the data.

Tolerance: a run of n steps of products of k terms rounds by about n k eps, here at most 60 * 300 * 1e-16 = 2e-12 in the
worst case and far less in the mean, relative to the largest value; 1e-12 holds with room to spare.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from unusual_datasets import UNUSUAL

from linmod import (
    Aligned,
    Dataset,
    Deep,
    Descent,
    Explicit,
    Flow,
    Problem,
    Shallow,
    SmallRandom,
    SystematicityDataset,
    Trajectory,
)
from linmod.datasets import Data
from linmod.dynamics import INTEGRATORS, solve
from linmod.dynamics.dense.two_layer import TwoLayerEquations
from linmod.problem import Initial, Network
from linmod.validation import FloatArray

TOLERANCE = 1e-12
OTHERS = ("principal", "spectral", "compressed")
NETWORKS: dict[str, Network] = {
    "shallow": Shallow(),
    "h=1": Deep(1),
    "h=3": Deep(3),
    "h above N": Deep(20),
}
DEEPER: dict[str, Network] = {"three layers": Deep(4, layers=3), "four layers, h above N": Deep(20, layers=4)}
DESCENT = Descent(0.05, 12, 5)
MOMENTUM = Descent(0.05, 12, 5, momentum=0.6)


def differences(one: Trajectory, other: Trajectory) -> dict[str, float]:
    """Largest difference of everything that a trajectory holds, relative to its largest value and to 1."""
    assert list(one.modes) == list(other.modes)
    assert list(one.norms) == list(other.norms)
    assert one.statistics is not None
    assert other.statistics is not None
    pairs = {name: (values, other.quantities[name]) for name, values in one.quantities.items()}
    pairs["strengths"] = one.strengths, other.strengths
    pairs |= {f"layer {i}": pair for i, pair in enumerate(zip(one.weights, other.weights, strict=True))}
    drifts = (one.statistics.conserved_drift, other.statistics.conserved_drift)
    pairs["drift"] = np.array(drifts[:1]), np.array(drifts[1:])
    return {
        name: float(np.max(np.abs(a - b), initial=0.0) / max(1.0, np.max(np.abs(a), initial=0.0)))
        for name, (a, b) in pairs.items()
    }


def worst(problem: Problem, coordinates: str) -> float:
    """Largest difference from training in data coordinates."""
    return max(differences(solve(problem, coordinates="data"), solve(problem, coordinates=coordinates)).values())


def edge_grid(n_bits: int, k_x: int, k_y: int, r: float) -> Iterator[SystematicityDataset]:
    for n_x, n_y in product(range(n_bits + 1), repeat=2):
        if (n_x or k_x) and (n_y or k_y):
            yield SystematicityDataset(n_x, n_y, k_x, k_y, r, n_bits=n_bits)


@pytest.mark.parametrize("r", [0.0, 0.7, 2.0])
@pytest.mark.parametrize("k_y", [0, 1, 2])
@pytest.mark.parametrize("k_x", [0, 1, 3])
@pytest.mark.parametrize("n_bits", [1, 2, 3])
def test_all_coordinates_agree_on_the_edge_grid(n_bits: int, k_x: int, k_y: int, r: float) -> None:
    for seed, dataset in enumerate(edge_grid(n_bits, k_x, k_y, r)):
        for index, network in enumerate(NETWORKS.values()):
            training = MOMENTUM if (seed + index) % 2 else DESCENT
            problem = Problem(dataset, network, SmallRandom(0.3, seed), training)
            for coordinates in OTHERS:
                assert worst(problem, coordinates) < TOLERANCE, (problem, coordinates)


EVERY = {
    **UNUSUAL,
    "many more modes than hidden units": SystematicityDataset(8, 2, 2, 2, 1.5),
}


SMALL = [dataset for dataset in EVERY.values() if dataset.n_bits < 8]


@pytest.mark.parametrize("coordinates", OTHERS)
@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("dataset", EVERY.values(), ids=EVERY)
def test_all_coordinates_agree_on_unusual_datasets(
    dataset: SystematicityDataset, network: Network, coordinates: str
) -> None:
    assert worst(Problem(dataset, network, SmallRandom(0.3, 5), MOMENTUM), coordinates) < TOLERANCE


@pytest.mark.parametrize("coordinates", ["principal", "spectral"])
@pytest.mark.parametrize("network", DEEPER.values(), ids=DEEPER)
@pytest.mark.parametrize("dataset", EVERY.values(), ids=EVERY)
def test_deeper_chains_agree_on_unusual_datasets(
    dataset: SystematicityDataset, network: Network, coordinates: str
) -> None:
    for training in (DESCENT, MOMENTUM):
        assert worst(Problem(dataset, network, SmallRandom(0.1, 5), training), coordinates) < TOLERANCE


@pytest.mark.parametrize("coordinates", OTHERS)
@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_gradient_flow_agrees_in_all_coordinates(network: Network, coordinates: str) -> None:
    # The integrators choose their steps in each coordinate system for itself: at the tightest tolerance that they
    # accept (rtol 100 eps, some 1e2 steps) their errors stay below 1e2 * 2.3e-14.
    flow = Flow(np.linspace(0.0, 2.0, 4), rtol=2.3e-14, atol=1e-15)
    problem = Problem(SystematicityDataset(3, 1, 3, 1, 0.9), network, SmallRandom(0.2, 1), flow)
    assert worst(problem, coordinates) < 3e-12


# Without negative strengths: from there a network of two layers approaches a saddle, which amplifies rounding.
SOME = {"sign_to_sign": 0.1, "sign_to_identity": 0.2, "identity_to_identity": 0.0}


@pytest.mark.parametrize("initial", [Aligned(1e-3), Aligned(SOME)], ids=["all", "some"])
@pytest.mark.parametrize("network", [Shallow(), Deep(30)], ids=["shallow", "two layers"])
def test_all_coordinates_agree_from_an_aligned_start(network: Network, initial: Initial) -> None:
    problem = Problem(SystematicityDataset(3, 1, 3, 1), network, initial, Descent(0.16, 300, 100))
    assert max(worst(problem, coordinates) for coordinates in OTHERS) < TOLERANCE


def test_explicit_weights_of_low_rank_are_restored() -> None:
    dataset, generator = SystematicityDataset(6, 1, 2, 2), np.random.default_rng(3)
    shapes = Deep(4).shapes(dataset)
    weights = [
        generator.standard_normal((rows, 1)) @ generator.standard_normal((1, columns)) * 0.1 for rows, columns in shapes
    ]
    problem = Problem(dataset, Deep(4), Explicit(weights), DESCENT)
    assert max(worst(problem, coordinates) for coordinates in OTHERS) < TOLERANCE


def test_training_to_the_end_agrees_and_moves() -> None:
    problem = Problem(SystematicityDataset(3, 1, 3, 1), Deep(50), SmallRandom(2e-4, 0), Descent(0.16, 300, 30))
    reference = solve(problem, coordinates="data")
    assert reference.loss[0] - reference.loss[-1] > 0.4
    for coordinates in OTHERS:
        assert max(differences(reference, solve(problem, coordinates=coordinates)).values()) < TOLERANCE


@pytest.mark.parametrize("coordinates", OTHERS)
def test_freezing_rows_that_no_target_reaches_is_rejected(coordinates: str, monkeypatch: pytest.MonkeyPatch) -> None:
    velocity = TwoLayerEquations.velocity

    def frozen(self: TwoLayerEquations, state: FloatArray) -> FloatArray:
        change = velocity(self, state)
        self.matrices(change)[1][..., 8:] = 0.0
        return change

    problem = Problem(SystematicityDataset(3, 1, 3, 2), Deep(10), SmallRandom(0.3, 0), MOMENTUM)
    assert worst(problem, coordinates) < TOLERANCE
    monkeypatch.setattr(TwoLayerEquations, "velocity", frozen)
    assert worst(problem, coordinates) > 1e9 * TOLERANCE


@pytest.mark.parametrize("coordinates", OTHERS)
def test_another_seed_is_rejected(coordinates: str) -> None:
    problem = Problem(SystematicityDataset(3, 1, 3, 2), Deep(10), SmallRandom(0.3, 0), DESCENT)
    other = replace(problem, initial=SmallRandom(0.3, 1))
    unlike = differences(solve(problem, coordinates="data"), solve(other, coordinates=coordinates))
    assert min(value for name, value in unlike.items() if name != "drift") > 1e9 * TOLERANCE


# Any data whose X'X and Y'Y commute.

SPACE = SystematicityDataset(3, 2, 2, 1)
COMMUTING = {
    "the dataset space": Dataset(SPACE.X, SPACE.Y, input_blocks=SPACE.input_blocks, output_blocks=SPACE.output_blocks),
    "whitened inputs": Dataset(np.eye(6)[:, :5], np.random.default_rng(0).standard_normal((4, 5))),
    "inputs of low rank": Dataset(np.diag([1.0, 2.0, 0.5, 0.0]), np.diag([1.0, 0.0, 3.0, 2.0])[:3]),
    "nothing to learn": Dataset(np.diag([1.0, 2.0]), np.zeros((2, 2))),
    "more items than features": Dataset(np.eye(3).repeat(4, axis=1), np.eye(3)[:2].repeat(4, axis=1)),
}
COUPLED = Dataset(np.random.default_rng(1).standard_normal((3, 4)), np.random.default_rng(2).standard_normal((2, 4)))


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("dataset", COMMUTING.values(), ids=COMMUTING)
def test_spectral_coordinates_agree_on_commuting_data(dataset: Data, network: Network) -> None:
    for training in (DESCENT, MOMENTUM):
        assert worst(Problem(dataset, network, SmallRandom(0.3, 2), training), "spectral") < TOLERANCE


@pytest.mark.parametrize("integrator", INTEGRATORS)
def test_every_integrator_works_in_compressed_coordinates(integrator: str) -> None:
    problem = Problem(
        SystematicityDataset(3, 1, 1, 1),
        Deep(3),
        SmallRandom(0.3),
        Flow(np.array([0.0, 1.0, 3.0]), rtol=1e-7, atol=1e-9),
    )
    reference = solve(problem, coordinates="data")
    trajectory = solve(problem, coordinates="compressed", integrator=integrator)
    np.testing.assert_allclose(trajectory.loss, reference.loss, rtol=0, atol=1e-5)


@pytest.mark.slow
def test_many_items_from_real_random_weights() -> None:
    problem = Problem(SystematicityDataset(18, 1, 3, 1), Deep(50), SmallRandom(2e-4, 0), Descent(0.16, 300, 300))
    trajectory = solve(problem)
    assert trajectory.origin == "all weights in compressed coordinates, descent"
    assert trajectory.modes["sign_to_sign"][-1] == pytest.approx(1.0, abs=1e-4)
