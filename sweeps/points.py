"""One point of a sweep: solve its problem, and record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from threadpoolctl import threadpool_limits

from ..problem import Trajectory
from .batches import at_the_end, can_be_trained_together, trained_together
from .description import Description, build_parts
from .quantities import QUANTITIES, SOLUTIONS, Case, Solution

Outcome = dict[str, dict[str, Any]]
TRAINED, NOT_OF_A_RUN = "simulation", {"held_out_errors"}


def run_points(
    descriptions: Sequence[Description], solutions: Sequence[str], record: Sequence[str], over_time: bool
) -> list[Outcome]:
    """Solve the problems of one batch and record what is wanted of them.

    Linear algebra runs on one thread, here and from then on in this process: the result then does not depend on
    where it was computed, and with how many other points.

    Parameters
    ----------
    descriptions : sequence of mapping
        The problems as plain values; they differ in :data:`linmod.sweeps.batches.VARYING` alone.
    solutions, record : sequence of str
    over_time : bool
        As in :class:`linmod.Sweep`.

    Returns
    -------
    list of dict
        For each point and solution an ``error`` ("" if there was none) and, by quantity, pairs of labels and values.

    Examples
    --------
    >>> point = {"dataset": {"kind": "systematicity", "n_x": 3, "n_y": 1, "k_x": 3, "k_y": 1},
    ...          "network": {"kind": "shallow"}, "initial": {"kind": "aligned", "strength": 0.0},
    ...          "training": {"kind": "flow", "times": [0.0, 50.0]}}
    >>> run_points([point], ["prediction"], ["systematicity_ratio"], False)
    [{'prediction': {'error': '', 'systematicity_ratio': [[[], [0.7272727272727273]]]}}]
    """
    threadpool_limits(1)
    wanted = TRAINED in solutions and set(record) - NOT_OF_A_RUN
    all_times = over_time or not all(QUANTITIES[name].in_time for name in record)
    trained = _trained(descriptions, all_times) if wanted else {}
    return [
        {solution: _outcome(one, _solution(solution, trained.get(place)), record, over_time) for solution in solutions}
        for place, one in enumerate(descriptions)
    ]


def _trained(descriptions: Sequence[Description], all_times: bool) -> Mapping[int, Trajectory]:
    """Train a batch; nothing if one of its points fails, so that each is then solved separately and says why."""
    if len(descriptions) == 1:
        return {}
    try:
        problems = [build_parts(description)[1] for description in descriptions]
        if not all_times:
            problems = [at_the_end(problem) for problem in problems]
        return dict(enumerate(trained_together(problems))) if can_be_trained_together(problems) else {}
    except Exception:
        return {}


def _solution(name: str, trained: Trajectory | None) -> Solution:
    """Return the solution of a name, of which the simulation may be there already."""
    if name != TRAINED or trained is None:
        return SOLUTIONS[name]
    return replace(SOLUTIONS[name], solve=lambda problem: trained)


def failure(solutions: Sequence[str], error: BaseException) -> Outcome:
    """Record the same error for all solutions of a point."""
    return {solution: {"error": _text(error)} for solution in solutions}


def _outcome(description: Description, solution: Solution, record: Sequence[str], over_time: bool) -> dict[str, Any]:
    try:
        case = Case(*build_parts(description), solution)
        return {"error": "", **_recorded(case, record, over_time)}
    except Exception as error:
        return {"error": _text(error)}


def _recorded(case: Case, record: Sequence[str], over_time: bool) -> dict[str, Any]:
    found = {}
    for name in record:
        measured = QUANTITIES[name].measure(case)
        found[name] = [
            [list(labels), (values if over_time else values.reshape(-1)[-1:]).reshape(-1).tolist()]
            for labels, values in measured.items()
        ]
    return found


def _text(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
