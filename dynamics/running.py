"""Running a system as a problem's training says, and observing it at the times to report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np

from ..problem import Descent, Divergence, Known, Problem, Statistics, Trajectory, Weights
from ..validation import FloatArray, choice
from .dense.stability import largest_stable_step
from .integrators import INTEGRATORS, Progress, flow_states
from .integrators.descent import descent_stacks, observed, stacked
from .rules.systems import explained
from .systems import System, drift


@dataclass(frozen=True, eq=False)
class Again:
    """Trains a problem once more, for what the first run did not keep.

    Attributes
    ----------
    problem : Problem
    build : callable
        The system of a problem: a function or class of a module, so that it can be pickled.
    integrator : str
    threads : callable
        Context in which training runs.
    """

    problem: Problem
    build: Callable[[Problem], System]
    integrator: str
    threads: Callable[[], AbstractContextManager[None]] = nullcontext

    def strengths(self) -> FloatArray:
        """Strengths of all modes at the times to report."""
        with self.threads():
            system = self.build(self.problem)
            states = states_of(self.problem, system, self.integrator)
            return np.array([system.strengths(state).copy() for state in states])

    def weights(self) -> Weights:
        """All weights at the times to report."""
        with self.threads():
            system = self.build(self.problem)
            return weights_over_time(states_of(self.problem, system, self.integrator), system)


def integrate(again: Again, system: System, what: str, progress: Callable[[float], None] | None) -> Trajectory:
    """Move a system on as its problem's training says, and observe it at the times to report."""
    problem, integrator = again.problem, again.integrator
    choice("integrator", integrator, INTEGRATORS)
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be callable, got {type(progress).__name__}")
    done = Progress(system.start)
    stacks = stacks_of(problem, system, integrator, done, progress or silently)
    with np.errstate(over="ignore", invalid="ignore"):
        seen = observed(system, stacks)
    method = "descent" if problem.training.is_descent else integrator
    return Trajectory.of_modes(
        problem,
        f"{what}, {method}",
        seen,
        statistics=Statistics(
            done.steps, done.evaluations, float(drift(system.balance(system.start), system.balance(done.state)))
        ),
        make_strengths=again.strengths if seen.strengths is None else Known(seen.strengths),
        make_weights=again.weights,
    )


def silently(_: float) -> None:
    """Tell nothing of the progress."""


def states_of(problem: Problem, system: System, integrator: str) -> Iterator[FloatArray]:
    """Return the states at the times to report, one after the other."""
    for stack in stacks_of(problem, system, integrator, Progress(system.start)):
        yield from stack


def stacks_of(
    problem: Problem,
    system: System,
    integrator: str,
    done: Progress,
    progress: Callable[[float], None] = silently,
) -> Iterator[FloatArray]:
    """Return the states at the times to report, in stacks along a first axis, and tell the fraction that is done."""
    training = problem.training
    if isinstance(training, Descent):
        stacks = descent_stacks(system, training.step_size, training.momentum, training.recorded_steps, done)
    else:
        stacks = stacked(flow_states(system, training, integrator, done), system.start.size)
    return explained(problem, _watched(problem, stacks, done, progress))


def _watched(
    problem: Problem, stacks: Iterator[FloatArray], done: Progress, progress: Callable[[float], None]
) -> Iterator[FloatArray]:
    """Pass stacks on as long as the states, and their squares, are finite numbers."""
    times, seen = problem.times, 0
    for stack in stacks:
        finite = np.isfinite(np.einsum("ij,ij->i", stack, stack))
        if not np.all(finite):
            time = times[seen + int(np.argmin(finite))]
            raise Divergence(f"diverged: non-finite values by time {time:g}; {remedy(problem)}")
        done.state = stack[-1].copy()
        yield stack
        for done_so_far in range(seen + 1, seen + 1 + len(stack)):
            progress(done_so_far / len(times))
        seen += len(stack)


def in_words(coordinates: str) -> str:
    """What is trained in these coordinates."""
    return "all weights" if coordinates == "data" else f"all weights in {coordinates} coordinates"


def remedy(problem: Problem) -> str:
    """What to do when training diverges."""
    if any(len(group) > 1 for group in problem.network.groups):
        return "take a smaller step"
    training = problem.training
    if not isinstance(training, Descent):
        return "start from smaller weights, or scale the data down"
    limit = largest_stable_step(problem.network, problem.dataset, momentum=training.momentum)
    return f"the largest stable step for this dataset is {limit:.6g}{_of_the_start(training, limit)}"


def _of_the_start(training: Descent, limit: float) -> str:
    """What to say of a step that is stable at the solution."""
    if training.step_size > limit:
        return ""
    return ", so that the initial weights are too large for this step: start from smaller ones, or take smaller steps"


def weights_over_time(states: Iterator[FloatArray], system: System) -> Weights:
    """For each layer one array with a leading axis of times."""
    over_time = [[matrix.copy() for matrix in system.weights(state)] for state in states]
    return tuple(np.array(layer) for layer in zip(*over_time, strict=True))
