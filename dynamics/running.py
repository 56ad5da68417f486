"""Running a system as a problem's training says, and observing it at the times to report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext

import numpy as np

from ..problem import Descent, Problem, Statistics, Trajectory, Weights
from ..validation import FloatArray, choice
from .dense.stability import largest_stable_step
from .integrators import INTEGRATORS, Progress, descent_states, flow_states, reported, watched
from .rules.systems import explained
from .systems import System, drift


def integrate(
    problem: Problem,
    system: System,
    what: str,
    integrator: str,
    progress: Callable[[float], None] | None,
    threads: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Trajectory:
    """Move a system on as the problem's training says, and observe it at the times to report."""
    choice("integrator", integrator, INTEGRATORS)
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be callable, got {type(progress).__name__}")
    done = Progress(system.start)
    states = states_of(problem, system, integrator, done)
    if progress is not None:
        states = reported(states, len(problem.times), progress)
    with np.errstate(over="ignore", invalid="ignore"):
        seen = system.observe(states)
    method = "descent" if isinstance(problem.training, Descent) else integrator

    def again(look: Callable[[FloatArray], FloatArray]) -> FloatArray:
        with threads():
            states = states_of(problem, system, integrator, Progress(system.start))
            return np.array([look(state).copy() for state in states])

    def history() -> Weights:
        with threads():
            return weights_over_time(states_of(problem, system, integrator, Progress(system.start)), system)

    return Trajectory.of_modes(
        problem,
        f"{what}, {method}",
        modes=seen.modes,
        norms=seen.norms,
        loss=seen.loss,
        statistics=Statistics(
            done.steps, done.evaluations, float(drift(system.balance(system.start), system.balance(done.state)))
        ),
        make_strengths=lambda: again(system.strengths) if seen.strengths is None else seen.strengths,
        make_weights=history,
    )


def states_of(problem: Problem, system: System, integrator: str, done: Progress) -> Iterator[FloatArray]:
    """States at the times to report, one after the other."""
    training = problem.training
    if isinstance(training, Descent):
        states = descent_states(system, training.step_size, training.momentum, training.recorded_steps, done)
    else:
        states = flow_states(system, training, integrator, done)
    return explained(problem, watched(states, problem.times, done, lambda: remedy(problem)))


def in_words(coordinates: str) -> str:
    """What is trained in these coordinates."""
    return "all weights" if coordinates == "data" else f"all weights in {coordinates} coordinates"


def remedy(problem: Problem) -> str:
    """What to do when training diverges."""
    if any(len(group) > 1 for group in problem.network.groups):
        return "take a smaller step"
    training = problem.training
    momentum = training.momentum if isinstance(training, Descent) else 0.0
    limit = largest_stable_step(problem.network, problem.dataset, momentum=momentum)
    return f"the largest stable step for this dataset is {limit:.6g}"


def weights_over_time(states: Iterator[FloatArray], system: System) -> Weights:
    """For each layer one array with a leading axis of times."""
    over_time = [[matrix.copy() for matrix in system.weights(state)] for state in states]
    return tuple(np.array(layer) for layer in zip(*over_time, strict=True))
