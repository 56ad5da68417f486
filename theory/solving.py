"""The prediction of a problem, by the closed form that fits its network, data and start."""

from __future__ import annotations

from collections.abc import Sequence

from ..datasets import SystematicityDataset
from ..problem import NO_WEIGHTS, Aligned, Descent, Modular, NoClosedForm, Problem, RandomModes, Trajectory
from ..validation import instance, real
from .dense import (
    aligned_start as aligned,
)
from .dense import (
    any_start as shallow,
)
from .dense import (
    deep_start as deep,
)
from .dense import (
    small_start as two_layer,
)
from .modular import groups as modules
from .modular.groups import module_spectra
from .rules import descent as ruled
from .spectrum import Spectrum
from .spectrum import spectrum as spectrum_of


def solve(problem: Problem) -> Trajectory:
    r"""Predict the course of learning in closed form, from the actual initial weights.

    ==================  =======================================================================================
    network             prediction
    ==================  =======================================================================================
    Shallow             exact, for any data, start, flow or descent
    Deep, two layers    exact from an Aligned start (and any other that does not couple modes); from a small
                        random start exact in the limit of small weights (see :func:`initial_strengths`); under
                        a learning rule likewise (see :func:`initial_gains`), for descent alone
    Deep, more layers   exact from an Aligned start (see :func:`deep_flow`)
    Modular             modules that share no outputs as above; shallow ones exact from any start; deep ones that
                        write the same outputs exact from an Aligned start (see :mod:`linmod.theory.modular.race`)
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
        For more than two layers from other than Aligned starts; for fewer hidden units than modes, or data whose
        X'X and Y'Y do not commute; for deep modules that share some of their outputs, or share outputs from other
        starts; for the flow under a learning rule other than the gradient; with momentum. The message says why.
        With h hidden units fewer than modes, the loss ends at half the sum of all but the h largest sigma.
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
    if isinstance(problem.network, Modular):
        return predict(problem, module_spectra(problem.network, problem.dataset))
    return predict(problem, spectrum_of(problem.dataset))


def predict(problem: Problem, spectrum: Spectrum | Sequence[Spectrum], strength_factor: float = 1.0) -> Trajectory:
    """Predict the course of learning with a spectrum of one's own in place of the dataset's.

    Parameters
    ----------
    problem : Problem
    spectrum : Spectrum, or sequence of Spectrum
        The classes that ``theory.spectrum(problem.dataset)`` returns, with values of one's own; of a modular
        network one for each module, as :func:`module_spectra` returns.
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
    factor = real("strength_factor", strength_factor)
    if isinstance(problem.training, Descent) and problem.training.momentum:
        raise NoClosedForm(f"there is no closed form for momentum={problem.training.momentum}, only for momentum=0")
    if isinstance(problem.initial, RandomModes):
        raise NoClosedForm(NO_WEIGHTS)
    if isinstance(problem.network, Modular):
        return modules.predict(problem, problem.network, _of_modules(problem.network, spectrum), factor)
    if not isinstance(spectrum, Spectrum):
        raise TypeError(f"spectrum must be Spectrum, got {type(spectrum).__name__}")
    if not problem.training.rule.is_gradient:
        return ruled.predict(problem, spectrum, factor)
    if isinstance(problem.initial, Aligned) and isinstance(problem.dataset, SystematicityDataset):
        return aligned.predict(problem, problem.initial, spectrum, factor)
    if problem.network.layers == 1:
        return shallow.predict(problem, spectrum, factor)
    if problem.network.layers == 2:
        return two_layer.course(problem, spectrum, factor).trajectory(problem)
    return deep.course(problem, spectrum, factor).trajectory(problem)


def _of_modules(network: Modular, spectra: Spectrum | Sequence[Spectrum]) -> tuple[Spectrum, ...]:
    given = () if isinstance(spectra, Spectrum) else tuple(spectra)
    if len(given) != len(network.modules) or not all(isinstance(spectrum, Spectrum) for spectrum in given):
        raise TypeError(f"spectrum must be one Spectrum for each of {len(network.modules)} modules, got {spectra!r}")
    return given
