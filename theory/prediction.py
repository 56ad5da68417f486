"""The prediction of a problem, by the closed form that fits its network, data and start."""

from __future__ import annotations

from ..datasets import SystematicityDataset
from ..problem import NO_WEIGHTS, Aligned, Descent, NoClosedForm, Problem, RandomModes
from ..trajectory import Trajectory
from ..validation import instance, real
from . import aligned, ruled, shallow, two_layer
from .modes import Spectrum
from .modes import spectrum as spectrum_of


def solve(problem: Problem) -> Trajectory:
    r"""Predict the course of learning in closed form, from the actual initial weights.

    ==================  =======================================================================================
    network             prediction
    ==================  =======================================================================================
    Shallow             exact, for any data, start, flow or descent
    Deep, two layers    exact from an Aligned start (and any other that does not couple modes); from a small
                        random start exact in the limit of small weights (see :func:`initial_strengths`); under
                        a learning rule likewise (see :func:`ruled_start`), for descent alone
    ==================  =======================================================================================

    Descent is predicted by the exact discrete map, not by the flow.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    Trajectory
        With `origin` naming the closed form. From an Aligned start in the dataset space the cost does not
        depend on the number of items.

    Raises
    ------
    NoClosedForm
        For more than two layers; for two layers with fewer hidden units than modes, or on data whose X'X and
        Y'Y do not commute; for the flow under a learning rule other than the gradient.
    Divergence
        If the course of learning leaves the range of finite numbers.

    Examples
    --------
    >>> import linmod
    >>> problem = linmod.Problem(linmod.SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1), linmod.Deep(hidden=50),
    ...                          linmod.SmallRandom(std=2e-4, seed=0), linmod.Descent(step_size=0.16, steps=300))
    >>> prediction = linmod.theory.solve(problem)
    >>> print(prediction.origin)
    two layers, discrete map, small start
    >>> print(prediction.modes["sign_to_sign"][-1].round(4))
    0.9045
    """
    instance("problem", problem, (Problem,))
    return predict(problem, spectrum_of(problem.dataset))


def predict(problem: Problem, spectrum: Spectrum, strength_factor: float = 1.0) -> Trajectory:
    """Predict the course of learning with a spectrum of one's own in place of the dataset's.

    Parameters
    ----------
    problem : Problem
    spectrum : Spectrum
        The classes that ``theory.spectrum(problem.dataset)`` returns, with values of one's own.
    strength_factor : float, default 1.0
        Multiplies the initial strength of every mode.

    Returns
    -------
    Trajectory

    Raises
    ------
    NoClosedForm, Divergence
        As :func:`solve`.

    Examples
    --------
    >>> import linmod
    >>> from dataclasses import replace
    >>> from linmod.theory import Spectrum, predict, spectrum
    >>> dataset = linmod.SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1)
    >>> problem = linmod.Problem(dataset, linmod.Shallow(), linmod.Aligned(0.0), linmod.Flow([50.0]))
    >>> whitened = Spectrum(tuple(replace(c, delta=1.0) for c in spectrum(dataset).classes))
    >>> predict(problem, whitened).modes["sign_to_sign"].round(4)
    array([1.2437])
    """
    instance("problem", problem, (Problem,))
    instance("spectrum", spectrum, (Spectrum,))
    factor = real("strength_factor", strength_factor)
    if problem.network.layers > 2:
        raise NoClosedForm(
            f"there is no closed form here for layers={problem.network.layers}, only for Shallow() and for layers=2"
        )
    if isinstance(problem.training, Descent) and problem.training.momentum:
        raise NoClosedForm(f"there is no closed form for momentum={problem.training.momentum}, only for momentum=0")
    if isinstance(problem.initial, RandomModes):
        raise NoClosedForm(NO_WEIGHTS)
    if not problem.training.rule.is_gradient:
        return ruled.predict(problem, spectrum, factor)
    if isinstance(problem.initial, Aligned) and isinstance(problem.dataset, SystematicityDataset):
        return aligned.predict(problem, problem.initial, spectrum, factor)
    if problem.network.layers == 1:
        return shallow.predict(problem, spectrum, factor)
    return two_layer.predict(problem, spectrum, factor)
