"""Training of many networks at once, along a leading axis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import cast

import numpy as np

from ..problem import Descent, Divergence, Problem, Statistics, Trajectory, Weights
from ..validation import FloatArray, instance
from .coordinate_systems.choice import chosen
from .coordinate_systems.listing import CoordinateSystem, Group
from .integrators import Progress
from .integrators.descent import descent_stacks, observed
from .running import in_words, remedy
from .solving import solve
from .systems import Seen, System, drift
from .threads import threads_for

BLOCK_ENTRIES = 2**15
"""Networks are trained together as long as their states hold no more than this many numbers: what a cache holds."""


@np.errstate(all="warn", under="ignore")
def solve_batch(problems: Sequence[Problem], *, coordinates: str = "auto") -> list[Trajectory]:
    """Train many networks of the same shape on the same data in one call.

    Parameters
    ----------
    problems : sequence of Problem
        They share the dataset, the network, the kind of start, and the numbers of steps; seeds, scales and other
        values of the start, step sizes and momenta may differ. Gradient flow takes steps of its own for each
        network, and modules have no common shape, so those are trained one after the other.
    coordinates : {"auto", "data", "principal", "spectral", "compressed"}
        As for :func:`solve`. In compressed coordinates only the hidden directions that move are kept.

    Returns
    -------
    list of Trajectory
        In the order of the problems, each as :func:`solve` returns it, to rounding. Strengths and weights are made,
        when first asked for, by training that one network again.

    Raises
    ------
    TypeError
        If `problems` is not a sequence of problems.
    ValueError
        If there is none, if they differ in what they must share, or cannot be trained in the given coordinates.
    Divergence
        If training of one of them diverges to non-finite values.

    See Also
    --------
    solve : Train a single network.

    Examples
    --------
    >>> import linmod
    >>> problems = [linmod.Problem(linmod.SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1), linmod.Deep(hidden=50),
    ...                            linmod.SmallRandom(std=2e-4, seed=seed), linmod.Descent(step_size=0.16, steps=300))
    ...             for seed in range(20)]
    >>> trajectories = linmod.dynamics.solve_batch(problems)
    >>> half_times = [t.times[t.modes["sign_to_sign"] > 0.4522][0] for t in trajectories]
    >>> print(f"{sum(half_times) / 20:.2f}")
    6.06
    """
    together = _checked(problems)
    trainings = [one.training for one in together if one.training.is_descent]
    if not trainings or not together[0].network.is_chain:
        return [solve(one, coordinates=coordinates) for one in together]
    chosen_system = chosen(Group(tuple(together), alone=False), coordinates)
    with threads_for(chosen_system.name):
        size = chosen_system.build(Group((together[0],), alone=False)).start.size
        held = max(BLOCK_ENTRIES // size, 1)
        return [
            trajectory
            for first in range(0, len(together), held)
            for trajectory in _descend(together, first, together[first : first + held], chosen_system)
        ]


def _descend(
    problems: Sequence[Problem], first: int, block: Sequence[Problem], coordinates: CoordinateSystem
) -> list[Trajectory]:
    """Train a block of the problems, the first of which is given by number."""
    system, trainings = coordinates.build(Group(tuple(block), alone=False)), [one.training for one in block]
    done, steps = Progress(np.empty(0)), cast(Descent, trainings[0]).recorded_steps
    step_size, momentum = (
        np.array([[getattr(one, value)] for one in trainings]) for value in ("step_size", "momentum")
    )
    stacks = descent_stacks(system, step_size, momentum, steps, done)
    with np.errstate(over="ignore", invalid="ignore"):
        seen = observed(system, _watched(stacks, problems, first, done))
    return _trajectories(block, coordinates.name, system, seen, done)


def _trajectories(
    problems: Sequence[Problem], name: str, system: System, seen: Seen, done: Progress
) -> list[Trajectory]:
    drifts = drift(system.balance(system.start), system.balance(done.state))

    def one(index: int, problem: Problem) -> Trajectory:
        return Trajectory.of_modes(
            problem,
            f"{in_words(name)}, descent",
            seen.changed(lambda values: values[:, index]),
            statistics=Statistics(done.steps, done.evaluations, float(drifts[index])),
            make_strengths=partial(_strengths, problem, name),
            make_weights=partial(_weights, problem, name),
        )

    return [one(index, problem) for index, problem in enumerate(problems)]


def _strengths(problem: Problem, coordinates: str) -> FloatArray:
    return solve(problem, coordinates=coordinates).strengths


def _weights(problem: Problem, coordinates: str) -> Weights:
    return solve(problem, coordinates=coordinates).weights


def _watched(
    stacks: Iterator[FloatArray], problems: Sequence[Problem], start: int, done: Progress
) -> Iterator[FloatArray]:
    seen = 0
    for stack in stacks:
        finite = np.all(np.isfinite(stack), axis=-1)
        if not np.all(finite):
            record, index = np.argwhere(~finite)[0]
            problem = problems[start + index]
            raise Divergence(
                f"problems[{start + index}] diverged: non-finite values by time {problem.times[seen + record]:g};"
                f" {remedy(problem)}"
            )
        done.state, seen = stack[-1].copy(), seen + len(stack)
        yield stack


def _checked(problems: Sequence[Problem]) -> Sequence[Problem]:
    instance("problems", problems, (Sequence,))
    if not problems:
        raise ValueError("problems must hold at least one problem, got none")
    for index, one in enumerate(problems):
        instance(f"problems[{index}]", one, (Problem,))
    first = _shared(problems[0])
    for index, one in enumerate(problems):
        for name, value in _shared(one).items():
            if value != first[name]:
                raise ValueError(f"problems must share their {name}: problems[{index}] has {value}, not {first[name]}")
    return problems


def _shared(problem: Problem) -> dict[str, object]:
    training = problem.training
    return {
        "dataset": problem.dataset,
        "network": problem.network,
        "kind of start": type(problem.initial).__name__,
        "kind of training": type(training).__name__,
        "rule": training.rule,
        "recorded steps": training.recorded_steps if training.is_descent else None,
    }
