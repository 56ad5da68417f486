"""The simulation of a problem: training of all its weights, or of its modes one by one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from ..problem import Problem, Trajectory
from ..validation import instance
from .coordinate_systems.choice import built, chosen
from .coordinate_systems.listing import Group
from .dense.mode_equations import ShallowModes, TwoLayerModes
from .rules.added import Added, AddedTerms
from .rules.systems import RuleModes
from .running import Again, in_words, integrate
from .systems import System
from .threads import threads_for


@np.errstate(all="warn", under="ignore")
def solve(
    problem: Problem,
    *,
    coordinates: str = "auto",
    integrator: str = "RK45",
    progress: Callable[[float], None] | None = None,
) -> Trajectory:
    """Train all weights of the network on the data, by gradient flow or by full-batch descent.

    Parameters
    ----------
    problem : Problem
        Any data, any number of layers, any start.
    coordinates : {"auto", "data", "principal", "spectral", "compressed"}
        Data coordinates are the weights as they are. Principal coordinates hold the first layer of each chain along the
        principal axes of its inputs: for any data, network and rule. Spectral coordinates are rotated so that the
        correlations of the data are diagonal: for a chain in the dataset space, and for one and two layers on other
        data of which the gradient couples no modes. Compressed coordinates keep one triangular factor for each class
        of equal modes, so that a step costs the same for any number of items: for one and two layers in the dataset
        space. By default, those of the cheapest step.
    integrator : {"RK45", "DOP853", "RK23", "LSODA", "Radau", "BDF", "RKC"}
        The method for gradient flow; descent does not use it. All are SciPy's but RKC, a stabilised method of second
        order, to which the explicit ones yield while stability rather than accuracy limits their steps. RK45 keeps
        its accuracy between its steps, where most requested times lie; the long steps of DOP853 do not, but at
        ``rtol`` below 1e-9 it takes fewer. LSODA, Radau and BDF may form the Jacobian of all state variables, which
        only small networks can afford.
    progress : callable, optional
        Called with the fraction done each time that a state is reported.

    Returns
    -------
    Trajectory
        With `statistics`: steps, gradient evaluations, and the drift of what gradient flow conserves. Strengths of
        single modes and weights are made when first asked for, if need be by training once more.

    Raises
    ------
    ValueError
        If the problem cannot be trained in the given coordinates.
    Divergence
        If training diverges to non-finite values (the message names the largest stable step for this dataset), or
        if an integrator cannot meet its tolerances.

    See Also
    --------
    solve_batch : Train many networks at once.
    coordinates : Which coordinates will be used, without training.
    linmod.theory.solve : Predict the same problem.
    linmod.verify : Compare both.

    Notes
    -----
    All coordinates are exact, for gradient flow, descent and momentum: these treat all directions of weight
    space in the same way, so training commutes with an orthonormal change of basis. Rules that treat each weight
    separately (Adam, sign descent, noise or dropout of single weights) do not commute with it. For gradient flow,
    `rtol` and `atol` hold for each coordinate, so that two coordinate systems agree to the tolerance.

    Examples
    --------
    >>> import linmod
    >>> problem = linmod.Problem(linmod.SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1), linmod.Deep(hidden=50),
    ...                          linmod.SmallRandom(std=2e-4, seed=0), linmod.Descent(step_size=0.16, steps=300))
    >>> simulation = linmod.dynamics.solve(problem)
    >>> print(simulation.modes["sign_to_sign"][-1].round(4), simulation.statistics.steps)
    0.9045 300
    >>> compressed = linmod.dynamics.solve(problem, coordinates="compressed")
    >>> bool(abs(compressed.loss - simulation.loss).max() < 1e-12)
    True
    """
    instance("problem", problem, (Problem,))
    group = Group((problem,), alone=True)
    system = chosen(group, coordinates)
    again = Again(problem, partial(built, system.name), integrator, partial(threads_for, system.name))
    with again.threads():
        return integrate(again, system.build(group), in_words(system.name), progress)


@np.errstate(all="warn", under="ignore")
def solve_modes(
    problem: Problem, *, integrator: str = "RK45", progress: Callable[[float], None] | None = None
) -> Trajectory:
    """Integrate the equations of single modes, separately, from the initial weights.

    A second route between the closed form and training of all weights: it shows which part of a difference comes
    from the coupling of modes. See :mod:`linmod.dynamics.dense.mode_equations`.

    Parameters
    ----------
    problem : Problem
        With one or two layers.
    integrator, progress
        As for :func:`solve`.

    Returns
    -------
    Trajectory
        Of the map whose modes are independent.

    Raises
    ------
    ValueError
        For more than two layers, and for data that couple their modes.
    Divergence
        As :func:`solve`.

    See Also
    --------
    solve : Train all weights.
    solve_pathways : The scalar gains of modules.

    Examples
    --------
    >>> import linmod
    >>> problem = linmod.Problem(linmod.SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1), linmod.Shallow(),
    ...                          linmod.Aligned(0.0), linmod.Flow([0.0, 1.0, 100.0]))
    >>> linmod.dynamics.solve_modes(problem).modes["sign_to_sign"].round(4)
    array([0.    , 0.6758, 0.9045])
    """
    instance("problem", problem, (Problem,))
    if not problem.network.is_chain:
        raise ValueError("the equations of modes are for single chains; of modules see dynamics.solve_pathways")
    if problem.network.layers > 2:
        raise ValueError(f"the equations of modes are for one and two layers, got layers={problem.network.layers}")
    if not problem.dataset.is_decoupled_by_gradient:
        raise ValueError("the equations of modes are for data that do not couple them; use dynamics.solve")
    if not problem.training.rule.is_gradient:
        build: Callable[[Problem], System] = RuleModes
    else:
        build = ShallowModes if problem.network.layers == 1 else TwoLayerModes
    return integrate(Again(problem, build, integrator), build(problem), "single modes", progress)


@np.errstate(all="warn", under="ignore")
def solve_added(
    problem: Problem,
    added: Added,
    *,
    integrator: str = "RK45",
    progress: Callable[[float], None] | None = None,
) -> Trajectory:
    r"""Train all weights by a learning rule of your own: the gradient and the terms that a function adds.

    .. math:: \tau\,\dot W_l = -\partial L/\partial W_l + A_l(W_1, \dots, W_L)

    Parameters
    ----------
    problem : Problem
        Of one chain of layers, trained by the gradient.
    added : callable
        Maps the weights, a tuple of read-only arrays from the input on, and the dataset to what is added to the
        change of each layer, in units of 1/tau.
    integrator, progress
        As for :func:`solve`.

    Returns
    -------
    Trajectory
        In data coordinates.

    Raises
    ------
    TypeError, ValueError
        For modules, a problem with another rule, and terms that are not of the weights' shapes.
    Divergence
        As :func:`solve`.

    See Also
    --------
    solve : Train by the gradient, or by a `Rule`.
    linmod.verify : Compare with a prediction of your own; ``simulate`` takes such training.

    Examples
    --------
    >>> import linmod
    >>> problem = linmod.Problem(linmod.SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1), linmod.Shallow(),
    ...                          linmod.Aligned(0.0), linmod.Descent(step_size=0.1, steps=1000))
    >>> decayed = linmod.dynamics.solve_added(problem, lambda weights, dataset: [-0.2 * W for W in weights])
    >>> mode = linmod.theory.spectrum(problem.dataset)["sign_to_sign"]
    >>> print(decayed.modes["sign_to_sign"][-1].round(4), round(mode.lam / (mode.delta + 0.2), 4))
    0.7897 0.7897
    """
    instance("problem", problem, (Problem,))
    if not callable(added):
        raise TypeError(f"added must be callable, got {type(added).__name__}")
    if not problem.network.is_chain:
        raise ValueError(f"terms are added to a single chain of layers, got {problem.network!r}")
    if not problem.training.rule.is_gradient:
        raise ValueError(f"terms are added to the gradient, got rule={problem.training.rule}")
    build = partial(AddedTerms, added=added)
    return integrate(Again(problem, build, integrator), build(problem), "all weights with added terms", progress)
