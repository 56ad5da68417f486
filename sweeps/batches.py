"""Points that differ in nothing but values of the start and sizes of the steps, which are trained together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from ..dynamics import coordinates, solve_batch
from ..problem import Descent, Problem, Trajectory
from .definition import Sweep
from .description import Description, canonical

VARYING = {"initial": ("seed", "std", "strength"), "training": ("step_size", "momentum")}
MOST_POINTS, MOST_WEIGHTS = 16, 2**21
"""The most points that one process takes at once, and the most weights that it trains at once."""

Numbered = tuple[int, Description]


def batches(definition: Sweep) -> Iterator[list[Numbered]]:
    """Group neighbouring points of a sweep, by number and description.

    The groups depend on the definition alone: a run that continues an earlier one solves the same groups.
    """
    points = ((number, definition.description(index)) for number, index in enumerate(definition.indices()))
    for _, alike in groupby(points, key=lambda point: _shared(point[1])):
        batch: list[Numbered] = []
        for point in alike:
            batch.append(point)
            if len(batch) == MOST_POINTS:
                yield batch
                batch = []
        if batch:
            yield batch


def trained_together(problems: Sequence[Problem]) -> list[Trajectory]:
    """Train problems that differ in their start and in the sizes of their steps.

    The coordinates are those of a single problem, whatever the number of problems: the result of each is that of
    :func:`linmod.dynamics.solve` to rounding.
    """
    first = problems[0]
    name = coordinates(first).name or "auto"
    weights = sum(math.prod(shape) for shape in first.network.shapes(first.dataset))
    size = max(1, MOST_WEIGHTS // max(weights, 1))
    parts = (problems[start : start + size] for start in range(0, len(problems), size))
    return [trajectory for part in parts for trajectory in solve_batch(part, coordinates=name)]


def can_be_trained_together(problems: Sequence[Problem]) -> bool:
    """Whether a batch saves time: several chains under descent."""
    return len(problems) > 1 and all(one.training.is_descent and one.network.is_chain for one in problems)


def at_the_end(problem: Problem) -> Problem:
    """Return the problem with descent reported at its start and end alone; other training as it is."""
    training = problem.training
    if not isinstance(training, Descent):
        return problem
    return replace(problem, training=replace(training, record_every=max(1, training.steps)))


def _shared(description: Description) -> str:
    """Return what points of one batch have in common, as one text."""
    return canonical(
        {
            section: {name: value for name, value in values.items() if name not in VARYING.get(section, ())}
            for section, values in description.items()
        }
    )
