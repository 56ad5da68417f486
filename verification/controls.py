"""Null controls: deliberately wrong predictions, which a check must reject."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from ..problem import Flow, Modular, Problem, Rule, Trajectory
from ..theory import Spectrum, module_spectra, solve, spectrum
from ..theory.modular import groups as modules
from ..theory.spectrum import ModeClass
from .sensitivity import PROBE

CONSTANT = "constant"
SWAPPED = "lambda_1 and lambda_2 swapped"
DELTA_LEFT_OUT = "delta left out"
STRENGTH_OFF = "initial strengths x 3"
UNSHARED = "modules do not share their error"
STRENGTH_FACTOR = 3.0
RULE_IGNORED = "rule ignored"
HALF_TIMES = "times x 0.5"
TIMES_OFF = "times x 1.01"
DOUBLE_TIMES = "times x 2"
TIME_FACTORS = {HALF_TIMES: 0.5, TIMES_OFF: 1 + PROBE}

Wrong = Callable[[Problem], Trajectory]


def null_controls(problem: Problem) -> dict[str, Wrong]:
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
    >>> for name in null_controls(problem):
    ...     print(name)
    times x 0.5
    times x 1.01
    delta left out
    initial strengths x 3
    lambda_1 and lambda_2 swapped
    """
    controls: dict[str, Wrong] = {
        name: partial(at_scaled_times, factor=factor) for name, factor in TIME_FACTORS.items()
    }
    if not problem.network.is_chain:
        return {**controls, **_of_modules(problem.network)}
    controls[DELTA_LEFT_OUT] = lambda problem: solve(problem, spectrum=without_delta(spectrum(problem.dataset)))
    controls[STRENGTH_OFF] = lambda problem: solve(problem, strength_factor=STRENGTH_FACTOR)
    if len(spectrum(problem.dataset).learnable) > 1:
        controls[SWAPPED] = lambda problem: solve(problem, spectrum=with_swapped_lambda(spectrum(problem.dataset)))
    if not problem.training.rule.is_gradient:
        controls[RULE_IGNORED] = lambda problem: solve(without_rule(problem))
    return controls


def probes() -> dict[str, Wrong]:
    """Predictors whose start, rate or plateau is 1 % off, by which a comparison's sensitivity is measured."""
    return {
        "start": lambda problem: _changed(problem, lambda c: c, 1 + PROBE),
        "rate": lambda problem: at_scaled_times(problem, 1 + PROBE),
        "plateau": lambda problem: _changed(problem, lambda c: replace(c, delta=c.delta / (1 + PROBE)), 1.0),
    }


def with_scaled_times(problem: Problem, factor: float) -> Problem:
    """Return the problem with its times multiplied by a factor, of descent by way of the step."""
    training = problem.training
    if isinstance(training, Flow):
        return replace(problem, training=replace(training, times=factor * training.times))
    return replace(problem, training=replace(training, step_size=factor * training.step_size))


def with_doubled_times(problem: Problem) -> Problem:
    """Return the problem with its times doubled, of descent by twice as many steps, which are as stable."""
    training = problem.training
    if isinstance(training, Flow):
        return with_scaled_times(problem, 2.0)
    longer = replace(training, steps=2 * training.steps, record_every=2 * training.record_every)
    return replace(problem, training=longer)


def at_scaled_times(problem: Problem, factor: float) -> Trajectory:
    """Predict the course at the times multiplied by a factor, as if it were the course at the times themselves."""
    return replace(solve(with_scaled_times(problem, factor)), times=problem.times)


def _changed(problem: Problem, change: Callable[[ModeClass], ModeClass], factor: float) -> Trajectory:
    def changed(given: Spectrum) -> Spectrum:
        return Spectrum(tuple(change(mode_class) for mode_class in given.classes))

    if not problem.network.is_chain:
        spectra = module_spectra(problem.network, problem.dataset)
        return solve(problem, spectrum=[changed(part) for part in spectra], strength_factor=factor)
    return solve(problem, spectrum=changed(spectrum(problem.dataset)), strength_factor=factor)


def without_rule(problem: Problem) -> Problem:
    """Return the problem with training by the gradient alone."""
    return replace(problem, training=replace(problem.training, rule=Rule()))


def _of_modules(network: Modular) -> dict[str, Wrong]:
    """Controls for modules: where some share outputs, one in which each learns as if it were alone."""

    def spectra(problem: Problem) -> tuple[Spectrum, ...]:
        return module_spectra(network, problem.dataset)

    controls: dict[str, Wrong] = {
        DELTA_LEFT_OUT: lambda problem: solve(problem, spectrum=[without_delta(s) for s in spectra(problem)]),
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
