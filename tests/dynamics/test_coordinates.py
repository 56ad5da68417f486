"""Which coordinates are chosen, which are refused and why, and the largest stable step."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import numpy as np
import pytest
from unusual_datasets import UNUSUAL

import linmod
from linmod import (
    Dataset,
    Deep,
    Descent,
    Modular,
    NoClosedForm,
    Problem,
    Shallow,
    SmallRandom,
    SystematicityDataset,
)
from linmod.datasets import Data
from linmod.dynamics import coordinates, largest_stable_step, solve
from linmod.dynamics.coordinate_systems.listing import COMPRESSED, COORDINATE_SYSTEMS, Group
from linmod.problem import Initial, Network, RandomModes, Training

DESCENT = Descent(0.05, 12, 5)
MOMENTUM = Descent(0.05, 12, 5, momentum=0.6)
COUPLED = Dataset(np.random.default_rng(1).standard_normal((3, 4)), np.random.default_rng(2).standard_normal((2, 4)))
WHITENED = Dataset(np.eye(6)[:, :5], np.random.default_rng(0).standard_normal((4, 5)))


def test_automatic_choice_follows_the_cost_of_a_step() -> None:
    def chosen(dataset: Data, network: Network) -> str | None:
        return coordinates(Problem(dataset, network, SmallRandom(), DESCENT)).name

    assert chosen(SystematicityDataset(3, 1, 3, 1), Deep(50)) == "compressed"
    assert chosen(SystematicityDataset(6, 1, 3, 1), Deep(50)) == "spectral"
    assert chosen(SystematicityDataset(10, 1, 3, 1), Deep(50)) == "compressed"
    assert chosen(SystematicityDataset(10, 1, 3, 1), Shallow()) == "compressed"
    assert chosen(SystematicityDataset(10, 1, 3, 1), Deep(50, layers=3)) == "spectral"
    assert chosen(COUPLED, Deep(50)) == "principal"


def test_operations_of_compressed_coordinates_do_not_grow_with_the_number_of_items() -> None:
    def operations(n_x: int) -> int:
        problem = Problem(SystematicityDataset(n_x, 1, 3, 1), Deep(50), SmallRandom(), DESCENT)
        return coordinates(problem).operations["compressed"]

    assert operations(20) / operations(8) < 1.2
    state_sizes = {
        n_x: COMPRESSED.build(
            Group((Problem(SystematicityDataset(n_x, 1, 3, 1), Deep(5), RandomModes(), DESCENT),), alone=True)
        ).start.size
        for n_x in (8, 9, 40)
    }
    assert state_sizes[9] - state_sizes[8] == 2 * 5
    assert state_sizes[40] - state_sizes[8] == 32 * 2 * 5


def test_the_answer_on_coordinates_is_what_solve_does() -> None:
    datasets = [SystematicityDataset(3, 1, 3, 1), SystematicityDataset(6, 1, 3, 1), COUPLED, WHITENED]
    networks: list[Network] = [Shallow(), Deep(20), Deep(5, layers=3), Modular.output_split(Deep(5))]
    seen = set()
    for dataset, network, initial in product(datasets, networks, (SmallRandom(), RandomModes())):
        if isinstance(network, Modular) and not isinstance(dataset, SystematicityDataset):
            continue
        problem = Problem(dataset, network, initial, DESCENT)
        answer = coordinates(problem)
        names = {system.name for system in COORDINATE_SYSTEMS}
        assert {*answer.operations} | {*answer.refusals} == names
        for name, reason in answer.refusals.items():
            with pytest.raises(ValueError, match=re.escape(reason)):
                solve(problem, coordinates=name)
        for name in answer.operations:
            assert ("all weights" if name == "data" else name) in solve(problem, coordinates=name).origin
        if answer.name is None:
            assert not answer.operations
            assert str(answer).startswith("cannot be trained")
            continue
        assert solve(problem).origin == solve(problem, coordinates=answer.name).origin
        assert str(answer).startswith(f"trained in {answer.name} coordinates")
        seen.add(answer.name)
    assert seen >= {"principal", "spectral", "compressed"}


def test_origin_names_the_coordinates() -> None:
    problem = Problem(SystematicityDataset(3, 1, 3, 1), Deep(5), SmallRandom(), DESCENT)
    assert solve(problem, coordinates="data").origin == "all weights, descent"
    assert solve(problem, coordinates="spectral").origin == "all weights in spectral coordinates, descent"


def test_largest_stable_step_of_classes_is_that_of_the_data() -> None:
    networks: list[Network] = [Shallow(), Deep(9), Deep(9, layers=3)]
    for dataset, network in product(UNUSUAL.values(), networks):
        as_data = Dataset(dataset.X, dataset.Y)
        steps = [largest_stable_step(network, one) for one in (dataset, as_data)]
        assert steps[0] == pytest.approx(steps[1], rel=1e-10)


def test_momentum_widens_the_range_of_stable_steps() -> None:
    dataset = SystematicityDataset(3, 1, 3, 1)
    limit = largest_stable_step(Shallow(), dataset, momentum=0.5)
    assert limit == pytest.approx(1.5 * largest_stable_step(Shallow(), dataset))
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
        lambda: solve(_problem(network=Deep(5, layers=3)), coordinates="compressed"),
        ValueError,
        "layers=3 every hidden layer mixes the modes; use 'principal'",
    ),
    "compressed data": (
        lambda: solve(_problem(WHITENED), coordinates="compressed"),
        ValueError,
        "use 'spectral'",
    ),
    "coupled data": (
        lambda: solve(_problem(COUPLED), coordinates="spectral"),
        ValueError,
        "do not commute; use 'principal'",
    ),
    "nearly commuting data": (
        lambda: solve(_problem(Dataset(np.diag([1.0, 2.0]), [[1.0, 1e-10], [0.0, 2.0]])), coordinates="spectral"),
        ValueError,
        "diagonal only to .* not to 1e-13; use 'principal'",
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
    "unknown training": (lambda: _problem(training=ANYTHING), TypeError, "treat each weight separately"),
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
