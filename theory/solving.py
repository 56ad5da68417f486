"""The prediction of a problem, by the closed form that fits its network, data and start."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..problem import Problem, Trajectory
from ..validation import instance, real
from .closed_forms import first_form, spectra_of
from .refusals import Refusal
from .spectrum import Spectrum


@np.errstate(all="warn", under="ignore")
def solve(
    problem: Problem, *, spectrum: Spectrum | Sequence[Spectrum] | None = None, strength_factor: float = 1.0
) -> Trajectory:
    r"""Predict the course of learning in closed form, from the actual initial weights.

    ==================  =======================================================================================
    network             prediction
    ==================  =======================================================================================
    Shallow             exact, for any data, start, flow or descent
    Deep, two layers    exact from an Aligned start (and any other that does not couple modes); from a small
                        random start exact in the limit of small weights (see :func:`initial_strengths`); under
                        a learning rule the same (see :func:`initial_gains`), for descent only; an inverse form
                        of the Hebbian term makes units differ, see :func:`unit_rule_descent`
    Deep, more layers   exact from an Aligned start (see :func:`deep_flow`)
    Modular             modules that share no outputs as above; shallow ones exact from any start; deep ones that
                        write the same outputs exact from an Aligned start (see :mod:`linmod.theory.modular.race`)
    ==================  =======================================================================================

    Descent is predicted by the exact discrete map, not by the flow.

    Parameters
    ----------
    problem : Problem
    spectrum : Spectrum, or sequence of Spectrum, optional
        The classes that ``theory.spectrum(problem.dataset)`` returns, with values of your own; for a modular
        network one for each module, as :func:`module_spectra` returns.
    strength_factor : float, default 1.0
        Multiplies the initial strength of every mode.

    Returns
    -------
    Trajectory
        With `origin` naming the closed form. From an Aligned start in the dataset space the cost does not
        depend on the number of items.

    Raises
    ------
    NoClosedForm
        If no closed form is known; the message says why, and what to do then (see :func:`closed_form`). With h hidden
        units fewer than modes, the loss ends at half the sum of all but the h largest sigma.
    Divergence
        If the course of learning diverges to non-finite values.

    See Also
    --------
    closed_form : Which closed form will be used, without solving.
    linmod.dynamics.solve : Simulate the same problem.
    linmod.verify : Compare both.

    Examples
    --------
    >>> import linmod
    >>> dataset = linmod.SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1)
    >>> problem = linmod.Problem(dataset, linmod.Deep(hidden=50), linmod.SmallRandom(std=2e-4, seed=0),
    ...                          linmod.Descent(step_size=0.16, steps=300))
    >>> prediction = linmod.theory.solve(problem)
    >>> print(prediction.origin)
    two layers, discrete map, small start
    >>> print(prediction.modes["sign_to_sign"][-1].round(4))
    0.9045

    As if the inputs were white:

    >>> from dataclasses import replace
    >>> from linmod.theory import Spectrum
    >>> whitened = Spectrum(tuple(replace(c, delta=1.0) for c in linmod.theory.spectrum(dataset).classes))
    >>> print(linmod.theory.solve(problem, spectrum=whitened).modes["sign_to_sign"][-1].round(4))
    1.2437
    """
    instance("problem", problem, (Problem,))
    factor = real("strength_factor", strength_factor)
    form = first_form(problem)
    if isinstance(form, Refusal):
        raise form.error()
    return form.predict(problem, spectra_of(problem, spectrum), factor)
