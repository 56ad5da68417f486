"""All coordinates are one training: spectral and compressed coordinates against every weight on the data.

Tolerance: a run of n steps of products of k terms rounds by about n k eps, here at most 60 * 300 * 1e-16 = 2e-12 in the
worst case and far less in the mean, relative to the largest value; 1e-12 holds with room to spare.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.stats import ks_2samp

import linmod
from linmod import (
    Aligned,
    Dataset,
    Deep,
    Descent,
    Explicit,
    Flow,
    NoClosedForm,
    Problem,
    Shallow,
    SmallRandom,
    SystematicityDataset,
    Trajectory,
)
from linmod.datasets import Data, walsh_functions
from linmod.dynamics import INTEGRATORS, largest_stable_step, solve, solve_batch
from linmod.dynamics.coordinates import Coordinates
from linmod.dynamics.factors import lower_factor, orthonormal_rows
from linmod.dynamics.layout import mode_classes
from linmod.dynamics.random_modes import gaussian_factor
from linmod.dynamics.rotation import sides, walsh
from linmod.dynamics.two_layer import TwoLayerEquations
from linmod.problem import Initial, Network, RandomModes, Training
from linmod.validation import FloatArray

TOLERANCE = 1e-12
OTHERS = ("spectral", "compressed")
NETWORKS: dict[str, Network] = {
    "shallow": Shallow(),
    "h=1": Deep(1),
    "h=3": Deep(3),
    "h above N": Deep(20),
}
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


UNUSUAL = {
    "permuted and overlapping": SystematicityDataset(3, 2, 2, 2, 1.1, input_signs=(2, 0, 1), output_signs=(1, 3)),
    "disjoint, more bits": SystematicityDataset(2, 2, 3, 1, 0.6, input_signs=(0, 3), output_signs=(2, 1), n_bits=5),
    "one class missing": SystematicityDataset(2, 2, 0, 2, 0.6, input_signs=(4, 1), output_signs=(1, 0), n_bits=5),
    "negative scale": SystematicityDataset(3, 2, 3, 2, -1.5),
    "scales of opposite sign": SystematicityDataset(3, 2, 1, 2, -1.5, r_y=0.4),
    "output identity zero": SystematicityDataset(3, 2, 2, 2, 1.5, r_y=0.0),
    "input identity zero": SystematicityDataset(3, 2, 2, 2, 0.0, r_y=1.5),
    "no sign inputs": SystematicityDataset(0, 3, 2, 1),
    "no sign outputs": SystematicityDataset(4, 0, 2, 1),
    "only identity": SystematicityDataset(0, 0, 2, 1, n_bits=3),
    "many more modes than hidden units": SystematicityDataset(8, 2, 2, 2, 1.5),
}


SMALL = [dataset for dataset in UNUSUAL.values() if dataset.n_bits < 8]


@pytest.mark.parametrize("coordinates", OTHERS)
@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("dataset", UNUSUAL.values(), ids=UNUSUAL)
def test_all_coordinates_agree_on_unusual_datasets(
    dataset: SystematicityDataset, network: Network, coordinates: str
) -> None:
    assert worst(Problem(dataset, network, SmallRandom(0.3, 5), MOMENTUM), coordinates) < TOLERANCE


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
        self.matrices(change)[1][..., self._paired :] = 0.0
        return change

    problem = Problem(SystematicityDataset(3, 1, 3, 2), Deep(10), SmallRandom(0.3, 0), DESCENT)
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


# The choice.


def test_automatic_choice_follows_the_count_of_operations() -> None:
    def chosen(dataset: Data, network: Network) -> str:
        return Coordinates([Problem(dataset, network, SmallRandom(), DESCENT)], alone=True).choose("auto")

    assert chosen(SystematicityDataset(3, 1, 3, 1), Deep(50)) == "data"
    assert chosen(SystematicityDataset(6, 1, 3, 1), Deep(50)) == "spectral"
    assert chosen(SystematicityDataset(10, 1, 3, 1), Deep(50)) == "compressed"
    assert chosen(SystematicityDataset(10, 1, 3, 1), Shallow()) == "compressed"
    assert chosen(SystematicityDataset(10, 1, 3, 1), Deep(50, layers=3)) == "data"
    assert chosen(COUPLED, Deep(50)) == "data"


def test_operations_of_compressed_coordinates_do_not_grow_with_the_number_of_items() -> None:
    def operations(n_x: int) -> int:
        problem = Problem(SystematicityDataset(n_x, 1, 3, 1), Deep(50), SmallRandom(), DESCENT)
        return Coordinates([problem], alone=True).operations("compressed")

    assert operations(20) / operations(8) < 1.2
    state_sizes = {
        n_x: Coordinates([Problem(SystematicityDataset(n_x, 1, 3, 1), Deep(5), RandomModes(), DESCENT)], alone=True)
        .build("compressed")
        .start.size
        for n_x in (8, 9, 40)
    }
    assert state_sizes[9] - state_sizes[8] == 2 * 5
    assert state_sizes[40] - state_sizes[8] == 32 * 2 * 5


def test_origin_names_the_coordinates() -> None:
    problem = Problem(SystematicityDataset(3, 1, 3, 1), Deep(5), SmallRandom(), DESCENT)
    assert solve(problem).origin == "all weights, descent"
    assert solve(problem, coordinates="spectral").origin == "all weights in spectral coordinates, descent"


def test_largest_stable_step_of_classes_is_that_of_the_data() -> None:
    networks: list[Network] = [Shallow(), Deep(9), Deep(9, layers=3)]
    for dataset, network in product(SMALL, networks):
        as_data = Dataset(dataset.X, dataset.Y)
        steps = [largest_stable_step(Problem(one, network, SmallRandom(), DESCENT)) for one in (dataset, as_data)]
        assert steps[0] == pytest.approx(steps[1], rel=1e-10)


def test_momentum_widens_the_range_of_stable_steps() -> None:
    dataset = SystematicityDataset(3, 1, 3, 1)
    limit = largest_stable_step(Problem(dataset, Shallow(), Aligned(0.0), Descent(0.1, 1, momentum=0.5)))
    assert limit == pytest.approx(1.5 * largest_stable_step(Problem(dataset, Shallow(), Aligned(0.0), DESCENT)))
    inside, outside = (
        solve(Problem(dataset, Shallow(), SmallRandom(0.1), Descent(factor * limit, 2000, 2000, momentum=0.5)))
        for factor in (0.99, 1.01)
    )
    assert inside.loss[-1] < 1e-9
    assert outside.loss[-1] > 1e3


def test_momentum_is_the_heavy_ball() -> None:
    problem = Problem(SystematicityDataset(2, 1, 1, 1), Shallow(), SmallRandom(0.3), Descent(0.1, 3, momentum=0.4))
    X, Y, (W,) = problem.dataset.X, problem.dataset.Y, problem.initial_weights
    V = np.zeros_like(W)
    for _ in range(3):
        V = 0.4 * V - 0.1 * (W @ X - Y) @ X.T / problem.dataset.n_items
        W = W + V
    np.testing.assert_allclose(solve(problem).weights[0][-1], W, rtol=0, atol=1e-15)


# Parts.


def test_rotation_is_orthonormal_and_diagonalises() -> None:
    generator = np.random.default_rng(0)
    for dataset in SMALL:
        z = walsh_functions(dataset.n_bits, np.arange(dataset.n_items))
        for side, features in zip(sides(dataset), (dataset.X, dataset.Y), strict=True):
            weights = generator.standard_normal((2, 3, side.n_features))
            rotated = side.rotate(weights)
            np.testing.assert_allclose(side.restore(rotated), weights, rtol=0, atol=1e-14)
            energy = sum(np.sum(part**2) for part in (rotated.spectrum, rotated.partners, rotated.identity))
            assert energy == pytest.approx(np.sum(weights**2), rel=1e-13)
            directions = features @ z
            lengths = np.linalg.norm(directions, axis=0)
            there = lengths > 1e-9
            np.testing.assert_allclose(
                rotated.spectrum[..., there], weights @ (directions / np.where(there, lengths, 1))[:, there], atol=1e-13
            )


def test_walsh_by_products_is_the_walsh_transform() -> None:
    generator = np.random.default_rng(0)
    for n_bits in range(13):
        values = generator.standard_normal((2, 3, 2**n_bits))
        expected = linmod.datasets.walsh_transform(values)
        np.testing.assert_allclose(walsh(values), expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("columns", [0, 2, 3, 4, 48, 49, 100, 1000])
@pytest.mark.parametrize("lead", [(), (2,)])
def test_lower_factor_times_orthonormal_rows_is_the_matrix(columns: int, lead: tuple[int, ...]) -> None:
    wide = np.random.default_rng(columns).standard_normal((*lead, 3, columns))
    L, Q = lower_factor(wide), orthonormal_rows(wide)
    if Q is None:
        np.testing.assert_array_equal(L, wide)
        return
    np.testing.assert_allclose(L @ Q, wide, rtol=0, atol=1e-13)
    np.testing.assert_allclose(Q @ Q.swapaxes(-1, -2), np.broadcast_to(np.eye(3), (*lead, 3, 3)), rtol=0, atol=1e-14)
    np.testing.assert_array_equal(np.triu(L, 1), 0.0)


def test_classes_count_all_items() -> None:
    for dataset in [*UNUSUAL.values(), SystematicityDataset(100, 3, 1, 1)]:
        assert sum(one.count for one in mode_classes(dataset)) == dataset.n_items


# Weights drawn for the modes.


def test_drawn_factors_have_the_gram_matrix_of_gaussian_entries() -> None:
    generator = np.random.default_rng(0)
    factors = [gaussian_factor(generator, 4, 30) for _ in range(4000)]
    grams = np.array([factor @ factor.T for factor in factors])
    error = grams.mean(axis=0) - 30 * np.eye(4)
    # Entries of a Wishart matrix of 30 degrees of freedom have variance 60 on the diagonal and 30 off it.
    assert np.max(np.abs(error) / np.sqrt(np.where(np.eye(4), 60, 30) / len(grams))) < 5
    assert np.var(grams[:, 0, 0]) == pytest.approx(60, rel=0.15)
    assert np.var(grams[:, 3, 3]) == pytest.approx(60, rel=0.15)
    assert np.var(grams[:, 0, 3]) == pytest.approx(30, rel=0.15)


def _spread(initial: type[SmallRandom] | type[RandomModes], std: float = 0.02) -> dict[str, FloatArray]:
    problems = [
        Problem(SystematicityDataset(6, 2, 2, 2, 3.0), Deep(4), initial(std, seed), Descent(0.2, 60, 20))
        for seed in range(300)
    ]
    trajectories = solve_batch(problems, coordinates="compressed")
    return {
        name: np.array([one.quantities[name][record] for one in trajectories])
        for name in trajectories[0].quantities
        for record in [1]
    }


def test_random_modes_are_distributed_as_random_weights() -> None:
    drawn, weighed, wider = _spread(RandomModes), _spread(SmallRandom), _spread(RandomModes, 0.024)
    p_values = {name: ks_2samp(drawn[name], weighed[name]).pvalue for name in drawn}
    assert min(p_values.values()) > 1e-3, p_values
    assert min(ks_2samp(wider[name], weighed[name]).pvalue for name in drawn) < 1e-9


def test_random_modes_start_has_the_mean_norms_of_gaussian_weights() -> None:
    dataset, hidden = SystematicityDataset(7, 2, 3, 2), 5
    problems = [Problem(dataset, Deep(hidden), RandomModes(0.1, seed), Descent(0.1, 0)) for seed in range(500)]
    trajectories = solve_batch(problems)
    for (source, target), values in trajectories[0].norms.items():
        assert values.shape == (1,)
        squares = np.array([one.norms[source, target][0] ** 2 for one in trajectories])
        sizes = [block.stop - block.start for block in (dataset.input_blocks[source], dataset.output_blocks[target])]
        expected = np.prod(sizes) * hidden * 0.1**4
        assert abs(squares.mean() - expected) < 5 * squares.std() / np.sqrt(len(squares))


def test_random_modes_train_any_number_of_items() -> None:
    problem = Problem(SystematicityDataset(40, 2, 3, 1), Deep(50), RandomModes(1e-9, 0), Descent(0.16, 300, 100))
    trajectory = solve(problem)
    assert trajectory.modes["sign_to_sign"][-1] == pytest.approx(1.0, abs=1e-9)
    for ask in (lambda: trajectory.weights, lambda: trajectory.strengths, lambda: problem.initial_weights):
        with pytest.raises(ValueError, match="RandomModes draws neither full weights nor single modes"):
            ask()


def test_random_modes_of_std_zero_stay() -> None:
    problem = Problem(SystematicityDataset(3, 1, 1, 1), Deep(5), RandomModes(0.0), DESCENT)
    np.testing.assert_array_equal(solve(problem).modes["sign_to_sign"], 0.0)


# Wrong calls.


def _problem(
    dataset: Data | None = None,
    network: Network | None = None,
    initial: Initial | None = None,
    training: Training | None = None,
) -> Problem:
    return Problem(
        dataset or SystematicityDataset(3, 1, 1, 1), network or Deep(5), initial or SmallRandom(), training or DESCENT
    )


ANYTHING: Any = object()
WRONG: dict[str, tuple[Any, type[Exception], str]] = {
    "unknown coordinates": (lambda: solve(_problem(), coordinates="fourier"), ValueError, "coordinates must be one of"),
    "coordinates of another type": (lambda: solve(_problem(), coordinates=ANYTHING), TypeError, "must be a string"),
    "three layers": (
        lambda: solve(_problem(network=Deep(5, layers=3)), coordinates="spectral"),
        ValueError,
        "layers=3 every hidden layer mixes the modes; use 'data'",
    ),
    "compressed data": (
        lambda: solve(_problem(COMMUTING["whitened inputs"]), coordinates="compressed"),
        ValueError,
        "use 'spectral'",
    ),
    "coupled data": (
        lambda: solve(_problem(COUPLED), coordinates="spectral"),
        ValueError,
        "do not commute; use 'data'",
    ),
    "nearly commuting data": (
        lambda: solve(_problem(Dataset(np.diag([1.0, 2.0]), [[1.0, 1e-10], [0.0, 2.0]])), coordinates="spectral"),
        ValueError,
        "diagonal only to .* not to 1e-13; use 'data'",
    ),
    "random modes as data": (
        lambda: solve(_problem(initial=RandomModes()), coordinates="data"),
        ValueError,
        "RandomModes draws compressed coordinates of a two-layer network",
    ),
    "random modes of a shallow network": (
        lambda: solve(_problem(network=Shallow(), initial=RandomModes())),
        ValueError,
        "RandomModes draws compressed coordinates of a two-layer network",
    ),
    "random modes of data": (
        lambda: solve(_problem(COUPLED, initial=RandomModes())),
        ValueError,
        "two-layer network on a SystematicityDataset",
    ),
    "random modes in theory": (
        lambda: linmod.theory.solve(_problem(initial=RandomModes())),
        NoClosedForm,
        "RandomModes draws neither",
    ),
    "momentum in theory": (
        lambda: linmod.theory.solve(_problem(training=MOMENTUM)),
        NoClosedForm,
        "no closed form for momentum=0.6",
    ),
    "momentum of one": (lambda: Descent(0.1, 1, momentum=1.0), ValueError, "momentum must be below 1"),
    "negative momentum": (lambda: Descent(0.1, 1, momentum=-0.1), ValueError, "momentum must be at least 0"),
    "momentum of another type": (lambda: Descent(0.1, 1, momentum=ANYTHING), TypeError, "momentum must be a real"),
    "unknown training": (lambda: _problem(training=ANYTHING), TypeError, "treat each weight by itself"),
    "negative std": (lambda: RandomModes(-1.0), ValueError, "std must be at least 0"),
    "weights that do not fit": (
        lambda: solve(_problem(SystematicityDataset(50, 1, 3, 1))),
        ValueError,
        "do not fit into memory .RandomModes draws none",
    ),
}


@pytest.mark.parametrize(("call", "error", "message"), WRONG.values(), ids=WRONG)
def test_wrong_calls_say_why(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


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
