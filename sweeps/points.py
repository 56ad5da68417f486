"""One point of a sweep: solve its problem, and record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from threadpoolctl import threadpool_limits

from .description import Description, build_parts
from .quantities import QUANTITIES, SOLUTIONS, Case

Outcome = dict[str, dict[str, Any]]


def run_point(description: Description, solutions: Sequence[str], record: Sequence[str], over_time: bool) -> Outcome:
    """Solve one problem and record what is wanted of it.

    Linear algebra runs on one thread, here and from then on in this process: the result then does not depend on
    where it was computed, and with how many other points.

    Parameters
    ----------
    description : mapping
        The problem as plain values.
    solutions, record : sequence of str
    over_time : bool
        As in :class:`linmod.Sweep`.

    Returns
    -------
    dict
        For each solution an ``error`` ("" if there was none) and, by quantity, pairs of labels and values.

    Examples
    --------
    >>> point = {"dataset": {"kind": "systematicity", "n_x": 3, "n_y": 1, "k_x": 3, "k_y": 1},
    ...          "network": {"kind": "shallow"}, "initial": {"kind": "aligned", "strength": 0.0},
    ...          "training": {"kind": "flow", "times": [0.0, 50.0]}}
    >>> run_point(point, ["prediction"], ["systematicity_ratio"], False)
    {'prediction': {'error': '', 'systematicity_ratio': [[[], [0.7272727272727273]]]}}
    """
    threadpool_limits(1)
    return {solution: _outcome(description, solution, record, over_time) for solution in solutions}


def failure(solutions: Sequence[str], error: BaseException) -> Outcome:
    """Record the same error for all solutions of a point."""
    return {solution: {"error": _text(error)} for solution in solutions}


def _outcome(description: Description, solution: str, record: Sequence[str], over_time: bool) -> dict[str, Any]:
    try:
        case = Case(*build_parts(description), SOLUTIONS[solution])
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
