"""Null controls: predictions that are wrong on purpose, which a check must reject."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..problem import Modular, Problem, Rule, Trajectory
from ..theory import Spectrum, module_spectra, solve, spectrum
from ..theory.modular import groups as modules

SWAPPED = "lambda_1 and lambda_2 swapped"
DELTA_MISSING = "delta missing"
STRENGTH_OFF = "initial strengths x 3"
UNSHARED = "modules do not share their error"
STRENGTH_FACTOR = 3.0
RULE_IGNORED = "rule ignored"


def null_controls(problem: Problem) -> dict[str, Callable[[Problem], Trajectory]]:
    """Wrong predictors that fit a problem: each spoils one ingredient of the closed form.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    dict of str to callable

    Examples
    --------
    >>> import linmod
    >>> problem = linmod.Problem(linmod.SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1), linmod.Shallow(),
    ...                          linmod.Aligned(0.0), linmod.Flow([0.0, 1.0]))
    >>> list(null_controls(problem))
    ['delta missing', 'initial strengths x 3', 'lambda_1 and lambda_2 swapped']
    """
    if isinstance(problem.network, Modular):
        return _of_modules(problem.network)
    controls: dict[str, Callable[[Problem], Trajectory]] = {
        DELTA_MISSING: lambda problem: solve(problem, spectrum=without_delta(spectrum(problem.dataset))),
        STRENGTH_OFF: lambda problem: solve(problem, strength_factor=STRENGTH_FACTOR),
    }
    if len(spectrum(problem.dataset).learnable) > 1:
        controls[SWAPPED] = lambda problem: solve(problem, spectrum=with_swapped_lambda(spectrum(problem.dataset)))
    if not problem.training.rule.is_gradient:
        controls[RULE_IGNORED] = lambda problem: solve(without_rule(problem))
    return controls


def without_rule(problem: Problem) -> Problem:
    """Return the problem with training by the gradient alone."""
    return replace(problem, training=replace(problem.training, rule=Rule()))


def _of_modules(network: Modular) -> dict[str, Callable[[Problem], Trajectory]]:
    """Controls for modules: where some share outputs, one in which each learns as if it were alone."""

    def spectra(problem: Problem) -> tuple[Spectrum, ...]:
        return module_spectra(network, problem.dataset)

    controls: dict[str, Callable[[Problem], Trajectory]] = {
        DELTA_MISSING: lambda problem: solve(problem, spectrum=[without_delta(s) for s in spectra(problem)]),
        STRENGTH_OFF: lambda problem: solve(problem, strength_factor=STRENGTH_FACTOR),
    }
    if len(network.groups) < len(network.modules):
        controls[UNSHARED] = lambda problem: modules.predict_unshared(problem, spectra(problem))
    return controls


def without_delta(spectrum: Spectrum) -> Spectrum:
    """Return the spectrum with delta = 1 throughout, as if the inputs were white."""
    return Spectrum(tuple(replace(mode_class, delta=1.0) for mode_class in spectrum.classes))


def with_swapped_lambda(spectrum: Spectrum) -> Spectrum:
    """Return the spectrum with lambda exchanged between its first two learnable classes."""
    first, second = spectrum.learnable[:2]
    swapped = {first.name: second.lam, second.name: first.lam}
    return Spectrum(tuple(replace(c, lam=swapped.get(c.name, c.lam)) for c in spectrum.classes))
