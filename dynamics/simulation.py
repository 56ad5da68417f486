"""The simulation of a problem: training of all its weights, or of its modes one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from ..networks import Modular, by_module
from ..problem import Descent, Problem, Weights
from ..trajectory import Statistics, Trajectory
from ..validation import FloatArray, choice, instance
from .integrators import INTEGRATORS, Progress, descent_states, flow_states, reported, watched
from .mode_equations import ShallowModes, TwoLayerModes
from .modular import ModuleCoordinates
from .stability import largest_stable_step
from .systems import DataCoordinates, System


def solve(
    problem: Problem, *, integrator: str = "DOP853", progress: Callable[[float], None] | None = None
) -> Trajectory:
    """Train all weights of the network on the data, by gradient flow or by full-batch descent.

    Parameters
    ----------
    problem : Problem
        Any data, any number of layers, any start.
    integrator : {"DOP853", "RK45", "RK23", "Radau", "BDF", "LSODA"}
        SciPy's method for gradient flow; descent does not use it.
    progress : callable, optional
        Called with the fraction done each time that a state is reported.

    Returns
    -------
    Trajectory
        With `statistics`: steps, gradient evaluations, and the drift of what gradient flow conserves.

    Raises
    ------
    Divergence
        If training leaves the range of finite numbers (with the largest stable step for this dataset), or an
        integrator cannot meet its tolerances.

    Examples
    --------
    >>> import linmod
    >>> problem = linmod.Problem(linmod.SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1), linmod.Deep(hidden=50),
    ...                          linmod.SmallRandom(std=2e-4, seed=0), linmod.Descent(step_size=0.16, steps=300))
    >>> simulation = linmod.dynamics.solve(problem)
    >>> print(simulation.modes["sign_to_sign"][-1].round(4), simulation.statistics.steps)
    0.9045 300
    """
    instance("problem", problem, (Problem,))
    return integrate(problem, _coordinates(problem), "all weights", integrator, progress)


def solve_modes(
    problem: Problem, *, integrator: str = "DOP853", progress: Callable[[float], None] | None = None
) -> Trajectory:
    """Integrate the equations of single modes, each by itself, from the initial weights.

    A second route between the closed form and training of all weights: it shows which part of a difference comes
    from the coupling of modes. See :mod:`linmod.dynamics.mode_equations`.

    Parameters
    ----------
    problem : Problem
        With one or two layers.
    integrator, progress
        As for :func:`solve`.

    Returns
    -------
    Trajectory

    Raises
    ------
    ValueError
        For more than two layers.
    Divergence
        As :func:`solve`.

    Examples
    --------
    >>> import linmod
    >>> problem = linmod.Problem(linmod.SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1), linmod.Shallow(),
    ...                          linmod.Aligned(0.0), linmod.Flow([0.0, 1.0, 100.0]))
    >>> linmod.dynamics.solve_modes(problem).modes["sign_to_sign"].round(4)
    array([0.    , 0.6758, 0.9045])
    """
    instance("problem", problem, (Problem,))
    if isinstance(problem.network, Modular):
        raise ValueError("the equations of modes are for single chains; of modules see dynamics.solve_pathways")
    if problem.network.layers > 2:
        raise ValueError(f"the equations of modes are for one and two layers, got layers={problem.network.layers}")
    system = ShallowModes(problem) if problem.network.layers == 1 else TwoLayerModes(problem)
    return integrate(problem, system, "single modes", integrator, progress)


def _coordinates(problem: Problem) -> System:
    if isinstance(problem.network, Modular):
        return ModuleCoordinates(problem, problem.network)
    return DataCoordinates(problem)


def integrate(
    problem: Problem, system: System, what: str, integrator: str, progress: Callable[[float], None] | None
) -> Trajectory:
    """Move a system on as the problem's training says, and observe it at the times to report."""
    choice("integrator", integrator, INTEGRATORS)
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be callable, got {type(progress).__name__}")
    done = Progress(system.start)
    states = _states(problem, system, integrator, done)
    if progress is not None:
        states = reported(states, len(problem.times), progress)
    with np.errstate(over="ignore", invalid="ignore"):
        seen = system.observe(states)
    ends = (by_module(problem.network, problem.initial_weights), by_module(problem.network, system.weights(done.state)))
    drift = max(_drift(start, end) for start, end in zip(*ends, strict=True))
    method = "descent" if isinstance(problem.training, Descent) else integrator
    return Trajectory(
        description=repr(problem),
        origin=f"{what}, {method}",
        times=problem.times,
        modes=seen.modes,
        norms=seen.norms,
        loss=seen.loss,
        statistics=Statistics(done.steps, done.evaluations, drift),
        make_strengths=lambda: seen.strengths,
        make_weights=lambda: _history(problem, system, integrator),
    )


def _states(problem: Problem, system: System, integrator: str, done: Progress) -> Iterator[FloatArray]:
    if isinstance(problem.training, Descent):
        states = descent_states(system, problem.training, done)
    else:
        states = flow_states(system, problem.training, integrator, done)
    return watched(states, problem.times, done, lambda: _remedy(problem))


def _remedy(problem: Problem) -> str:
    if isinstance(problem.network, Modular) and len(problem.network.groups) < len(problem.network.modules):
        return "take a smaller step"
    return f"the largest stable step for this dataset is {largest_stable_step(problem):.6g}"


def _history(problem: Problem, system: System, integrator: str) -> Weights:
    states = _states(problem, system, integrator, Progress(system.start))
    over_time = [[matrix.copy() for matrix in system.weights(state)] for state in states]
    return tuple(np.array(layer) for layer in zip(*over_time, strict=True))


def _drift(start: Weights, end: Weights) -> float:
    scale = max((float(np.sum(matrix**2)) for matrix in (*start, *end)), default=0.0)
    changes = [np.linalg.norm(late - early) for early, late in zip(_imbalances(start), _imbalances(end), strict=True)]
    return float(max(changes, default=0.0)) / scale if scale > 0 else 0.0


def _imbalances(weights: Weights) -> list[FloatArray]:
    return [after.T @ after - before @ before.T for before, after in pairwise(weights)]
