"""Gradient descent: a system that moves on step by step, with its recorded states in stacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, cycle, islice, pairwise
from typing import Any

import numpy as np

from ...validation import FloatArray
from ..systems import Seen, Steps, System
from .states import Progress

STACK_ENTRIES, STACK_STEPS = 2**15, 1024
"""The most numbers that a stack of states holds, and of how many steps it holds the records; one state at least."""
SEVERAL, LARGE_ENTRIES = 16, 2**16
"""A stack holds this many states all the same, unless it would hold more than this many numbers."""


class _WholeStates:
    """Steps that move states as they are held, in one array each."""

    _shape: tuple[int, ...]

    def views(self, states: FloatArray) -> Sequence[FloatArray]:
        """Return the states."""
        return list(states)

    def between(self) -> Sequence[FloatArray]:
        """Return two states to pass through in turn."""
        return self.views(np.empty((2, *self._shape)))


class PlainSteps(_WholeStates):
    """Steps along any velocity."""

    def __init__(
        self,
        velocity: Callable[[FloatArray], FloatArray],
        step_size: FloatArray | float,
        shape: tuple[int, ...],
    ) -> None:
        self._velocity, self._step_size, self._shape = velocity, step_size, shape

    def walk(self, path: Iterable[FloatArray]) -> None:
        """Overwrite every state of a path but the first."""
        for before, after in pairwise(path):
            step = self._velocity(before)
            step *= self._step_size
            np.add(before, step, out=after)


class HeavyBall(_WholeStates):
    """Steps along the velocity of any system, each with a share of the step before."""

    def __init__(self, system: System, step_size: FloatArray | float, momentum: FloatArray | float) -> None:
        self._velocity, self._step_size, self._momentum = system.velocity, step_size, momentum
        self._change, self._shape = np.zeros_like(system.start), system.start.shape

    def walk(self, path: Iterable[FloatArray]) -> None:
        """Overwrite every state of a path but the first."""
        for before, after in pairwise(path):
            step = self._velocity(before)
            step *= self._step_size
            self._change *= self._momentum
            self._change += step
            np.add(before, self._change, out=after)


def descent_stacks(
    system: System,
    step_size: FloatArray | float,
    momentum: FloatArray | float,
    recorded: Sequence[int],
    done: Progress,
) -> Iterator[FloatArray]:
    """Return the states after the recorded numbers of steps, the first of which is zero, in stacks along a first axis.

    A stack is overwritten by the next one.
    """
    steps: Steps = HeavyBall(system, step_size, momentum) if np.any(momentum) else system.descent(step_size)
    gaps = [after - before for before, after in pairwise(recorded)]
    held = _stack_length(system.start.size, gaps)
    stack = np.empty((1 + held, *system.start.shape))
    rows, between = steps.views(stack), steps.between()
    stack[0] = system.start
    if not gaps:
        yield stack[:1]
    for first in range(0, len(gaps), held):
        several = gaps[first : first + held]
        steps.walk(_path(rows, between, several))
        done.steps = done.evaluations = recorded[first + len(several)]
        yield stack[min(first, 1) : 1 + len(several)]
        stack[0] = stack[len(several)]


def _path(rows: Sequence[Any], between: Sequence[Any], gaps: Sequence[int]) -> Iterator[Any]:
    """Return the states to pass through: the rows of a stack, and others in turn on the way from row to row."""
    if max(gaps) == 1:
        return islice(rows, 1 + len(gaps))
    ways = (chain(islice(cycle(between), gap - 1), (row,)) for gap, row in zip(gaps, rows[1:], strict=False))
    return chain(rows[:1], chain.from_iterable(ways))


def _stack_length(size: int, gaps: Sequence[int]) -> int:
    """Number of states in a stack after its first."""
    several = max(STACK_ENTRIES // max(size, 1), min(SEVERAL, LARGE_ENTRIES // max(size, 1)))
    return max(min(several, STACK_STEPS // max(gaps, default=1), len(gaps)), 1)


def stacked(states: Iterable[FloatArray], size: int) -> Iterator[FloatArray]:
    """Return copies of single states of a size in stacks along a first axis."""
    remaining, held = iter(states), max(STACK_ENTRIES // max(size, 1), 1)
    while several := [state.copy() for state in islice(remaining, held)]:
        yield np.array(several)


def observed(system: System, stacks: Iterable[FloatArray]) -> Seen:
    """Observe stacks of states, which each may be overwritten by the next, as many together as a stack holds."""
    seen, held = list[Seen](), list[FloatArray]()
    for stack in stacks:
        held.append(system.maps(stack))
        if sum(maps.size for maps in held) >= STACK_ENTRIES:
            seen.append(system.observe(_concatenated(held)))
            held = []
    if held:
        seen.append(system.observe(_concatenated(held)))
    return Seen.joined(seen)


def _concatenated(several: Sequence[FloatArray]) -> FloatArray:
    return several[0] if len(several) == 1 else np.concatenate(several)
