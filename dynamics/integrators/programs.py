"""Fixed sequences of NumPy calls on fixed arrays: the least that a step can cost outside NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ...validation import FloatArray

Call = Callable[[], Any]
State = FloatArray | None


@dataclass(frozen=True, eq=False)
class Program:
    """Calls that turn a state, held in one array, into a multiple of its velocity, in another one.

    Attributes
    ----------
    state, change : ndarray
    calls : sequence of callables
    """

    state: FloatArray
    change: FloatArray
    calls: Sequence[Call]

    def velocity(self, state: FloatArray) -> FloatArray:
        """Return the change of a state, in an array that the next call overwrites."""
        np.copyto(self.state, state)
        for call in self.calls:
            call()
        return self.change


class ProgramSteps:
    """Steps of a program in its own arrays, from which recorded states are copied."""

    def __init__(self, program: Program) -> None:
        self._state = program.state
        self._calls: list[Call] = [*program.calls, partial(np.add, program.state, program.change, program.state)]

    def views(self, states: FloatArray) -> Sequence[State]:
        """Return the states."""
        return list(states)

    def between(self) -> Sequence[State]:
        """Return None: states between records are not kept."""
        return (None,)

    def walk(self, path: Iterable[State]) -> None:
        """Overwrite every state of a path but the first."""
        remaining, state, calls = iter(path), self._state, self._calls
        first = next(remaining)
        if first is not None:
            np.copyto(state, first)
        for after in remaining:
            for call in calls:
                call()
            if after is not None:
                np.copyto(after, state)
