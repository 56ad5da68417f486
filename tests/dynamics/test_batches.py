"""Many networks along one axis train exactly as one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
import pytest

from linmod import (
    Aligned,
    Dataset,
    Deep,
    Descent,
    Divergence,
    Explicit,
    Flow,
    Problem,
    Shallow,
    SmallRandom,
    SystematicityDataset,
)
from linmod.datasets import Data
from linmod.dynamics import solve, solve_batch
from linmod.dynamics.coordinate_systems.listing import COMPRESSED, Group
from linmod.problem import Network, RandomModes

TOLERANCE = 1e-12
SPACE = SystematicityDataset(3, 1, 3, 1)
COUPLED = Dataset(np.random.default_rng(1).standard_normal((3, 4)), np.random.default_rng(2).standard_normal((2, 4)))


def several(dataset: Data, network: Network, count: int = 4) -> list[Problem]:
    """Networks that differ in their seeds, scales, step sizes and momenta."""
    return [
        Problem(
            dataset,
            network,
            SmallRandom(0.1 * (1 + seed), seed),
            Descent(0.03 * (1 + seed), 40, 15, momentum=0.3 * (seed % 2)),
        )
        for seed in range(count)
    ]


CASES: dict[str, tuple[Data, Network, str]] = {
    f"{label}, {coordinates}": (dataset, network, coordinates)
    for label, dataset, network in (
        ("two layers", SPACE, Deep(50)),
        ("few hidden units", SystematicityDataset(5, 2, 2, 2), Deep(3)),
        ("shallow", SystematicityDataset(3, 2, 2, 2, 0.7), Shallow()),
        ("no identity", SystematicityDataset(3, 2, 0, 0), Deep(4)),
    )
    for coordinates in ("auto", "data", "principal", "spectral", "compressed")
} | {
    "three layers, data": (SPACE, Deep(5, layers=3), "auto"),
    "coupled data, data": (COUPLED, Deep(5), "auto"),
}


@pytest.mark.parametrize(("dataset", "network", "coordinates"), CASES.values(), ids=CASES)
def test_a_batch_equals_one_by_one(dataset: Data, network: Network, coordinates: str) -> None:
    problems = several(dataset, network)
    for problem, trajectory in zip(problems, solve_batch(problems, coordinates=coordinates), strict=True):
        alone = solve(problem, coordinates="data")
        assert trajectory.description == repr(problem)
        np.testing.assert_array_equal(trajectory.times, problem.times)
        assert alone.statistics is not None
        assert trajectory.statistics is not None
        drifts = (trajectory.statistics.conserved_drift, alone.statistics.conserved_drift)
        assert drifts[0] == pytest.approx(drifts[1], abs=TOLERANCE)
        for name, values in alone.quantities.items():
            np.testing.assert_allclose(trajectory.quantities[name], values, rtol=TOLERANCE, atol=TOLERANCE)
        np.testing.assert_allclose(trajectory.strengths, alone.strengths, rtol=0, atol=TOLERANCE)
        for layer, expected in zip(trajectory.weights, alone.weights, strict=True):
            np.testing.assert_allclose(layer, expected, rtol=0, atol=TOLERANCE)


def test_networks_of_a_batch_are_told_apart() -> None:
    losses = [trajectory.loss[0] for trajectory in solve_batch(several(SPACE, Deep(50)))]
    assert min(np.diff(np.sort(losses))) > 1e6 * TOLERANCE


@pytest.mark.parametrize("initial", [Aligned(1e-2), Explicit([np.full((3, 27), 0.01), np.full((9, 3), 0.02)])])
def test_other_starts_in_a_batch(initial: Aligned | Explicit) -> None:
    problem = Problem(SPACE, Deep(8) if isinstance(initial, Aligned) else Deep(3), initial, Descent(0.1, 20, 10))
    problems = [problem, replace(problem, training=Descent(0.05, 20, 10))]
    for one, trajectory in zip(problems, solve_batch(problems), strict=True):
        np.testing.assert_allclose(trajectory.loss, solve(one).loss, rtol=0, atol=TOLERANCE)


def test_drawn_modes_in_a_batch() -> None:
    problems = [Problem(SPACE, Deep(50), RandomModes(1e-2, seed), Descent(0.1, 50, 10)) for seed in range(3)]
    for problem, trajectory in zip(problems, solve_batch(problems), strict=True):
        np.testing.assert_allclose(trajectory.loss, solve(problem).loss, rtol=0, atol=TOLERANCE)


def test_gradient_flow_in_a_batch_is_one_by_one() -> None:
    problems = [Problem(SPACE, Deep(5), SmallRandom(0.1, seed), Flow(np.array([0.0, 1.0]))) for seed in range(3)]
    for problem, trajectory in zip(problems, solve_batch(problems), strict=True):
        np.testing.assert_array_equal(trajectory.loss, solve(problem).loss)


def test_only_the_hidden_directions_that_move_are_kept() -> None:
    """Eight modes, eight rows that pair with them, and one null row: 17 of 50 hidden directions."""
    system = COMPRESSED.build(Group(tuple(several(SPACE, Deep(50))), alone=False))
    assert system.start.shape == (4, 17 * (8 + 9))


def test_a_batch_takes_the_coordinates_of_the_cheapest_step() -> None:
    assert "compressed" in solve_batch(several(SPACE, Deep(50)))[0].origin
    assert solve_batch(several(SPACE, Deep(5, layers=3)))[0].origin == "all weights in spectral coordinates, descent"


def test_divergence_names_the_network() -> None:
    problems = several(SPACE, Deep(5))
    problems[2] = replace(problems[2], training=Descent(5.0, 40, 15))
    with pytest.raises(Divergence, match=r"problems\[2\] diverged: non-finite values by time .* stable step"):
        solve_batch(problems)


def _with(**changes: Any) -> list[Problem]:
    problems = several(SPACE, Deep(5), 2)
    return [problems[0], replace(problems[1], **changes)]


WRONG: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "none": (lambda: [], ValueError, "at least one"),
    "one alone": (lambda: several(SPACE, Deep(5))[0], TypeError, "problems must be Sequence"),
    "something else": (lambda: [*several(SPACE, Deep(5)), 3], TypeError, r"problems\[4\] must be Problem"),
    "dataset": (lambda: _with(dataset=COUPLED), ValueError, r"share their dataset: problems\[1\]"),
    "network": (lambda: _with(network=Deep(6)), ValueError, r"share their network: problems\[1\]"),
    "start": (lambda: _with(initial=Aligned(0.0)), ValueError, "share their kind of start"),
    "steps": (lambda: _with(training=Descent(0.1, 3)), ValueError, "share their recorded steps"),
    "training": (lambda: _with(training=Flow(np.array([1.0]))), ValueError, "share their kind of training"),
}


@pytest.mark.parametrize(("make", "error", "message"), WRONG.values(), ids=WRONG)
def test_wrong_batches_say_why(make: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        solve_batch(make())


@pytest.mark.slow
def test_a_batch_is_many_times_faster_than_a_loop() -> None:
    problems = [Problem(SPACE, Deep(50), SmallRandom(2e-4, seed), Descent(0.16, 300, 300)) for seed in range(200)]
    start = perf_counter()
    together = solve_batch(problems)
    middle = perf_counter()
    one_by_one = [solve(problem) for problem in problems]
    assert perf_counter() - middle > 4 * (middle - start)
    np.testing.assert_allclose([one.loss for one in together], [one.loss for one in one_by_one], rtol=0, atol=1e-12)
