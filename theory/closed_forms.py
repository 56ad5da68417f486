"""The closed forms by which problems are predicted, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from ..problem import Problem, Trajectory
from ..validation import instance
from .dense import aligned_start, any_start, deep_start, small_start
from .dense.course import Course
from .modular import aligned_start as aligned_modules
from .modular import groups
from .refusals import Question, Refusal, first_refusal, momentum, no_weights
from .rules import descent
from .spectrum import Spectrum, spectrum

Predict = Callable[[Problem, Sequence[Spectrum], float], Trajectory]


@dataclass(frozen=True)
class ClosedForm:
    """One closed form.

    Attributes
    ----------
    name : str
    assumptions : str
        In one sentence.
    covers : callable
        Whether the form is meant for a problem: for its kinds of network, start, training and data.
    questions : tuple of callables
        Conditions on what the problem holds; each answers None, or a Refusal with a reason and a way out.
    predict : callable
        The trajectory from a problem, one spectrum for each part of its network, and a factor of initial strengths.
    """

    name: str
    assumptions: str
    covers: Callable[[Problem], bool]
    questions: tuple[Question, ...]
    predict: Predict

    def refusal(self, problem: Problem) -> Refusal | None:
        """Return why the form does not apply to a problem that it covers; None if it does."""
        return first_refusal(problem, self.questions)


def _is_chain(problem: Problem, layers: range) -> bool:
    return problem.network.is_chain and problem.network.layers in layers


def _by_gradient(problem: Problem, layers: range) -> bool:
    return _is_chain(problem, layers) and problem.training.rule.is_gradient


def _by_rule(problem: Problem) -> bool:
    return _is_chain(problem, TWO) and not problem.training.rule.is_gradient


def _is_aligned_in_space(problem: Problem) -> bool:
    return problem.initial.is_aligned and problem.dataset.in_space is not None


def _one(predict: Callable[[Problem, Spectrum, float], Trajectory]) -> Predict:
    """Return a form of one chain, which has a single spectrum."""
    return lambda problem, spectra, factor: predict(problem, spectra[0], factor)


def _course(course: Callable[[Problem, Spectrum, float], Course]) -> Predict:
    """Return a form of one chain that answers with strengths in fixed directions."""
    return lambda problem, spectra, factor: course(problem, spectra[0], factor).trajectory(problem)


ANY, ONE, TWO, MORE = range(1, 2**31), range(1, 2), range(2, 3), range(3, 2**31)

CLOSED_FORMS = (
    ClosedForm(
        "aligned start",
        "a chain of any depth starts aligned with the modes of a systematicity dataset, with a hidden unit for each",
        lambda problem: _by_gradient(problem, ANY) and _is_aligned_in_space(problem),
        (momentum,),
        _one(aligned_start.predict),
    ),
    ClosedForm(
        "shallow, any start",
        "one layer, any data and any initial weights",
        lambda problem: _by_gradient(problem, ONE),
        (momentum, no_weights),
        _one(any_start.predict),
    ),
    ClosedForm(
        "two layers, given weights",
        "two layers with at least as many hidden units as modes, data that do not couple modes, and weights that are"
        " decoupled (then it is exact) or small (then it is exact as they tend to zero)",
        lambda problem: _by_gradient(problem, TWO),
        (momentum, *small_start.QUESTIONS),
        _course(small_start.course),
    ),
    ClosedForm(
        "three layers and more, aligned start",
        "a start that is balanced across layers and aligned with the modes of data that do not couple modes",
        lambda problem: _by_gradient(problem, MORE),
        (momentum, *deep_start.QUESTIONS),
        _course(deep_start.course),
    ),
    ClosedForm(
        "learning rule, aligned start",
        "descent of two layers under a rule, from a start aligned with the modes of a systematicity dataset",
        lambda problem: _by_rule(problem) and _is_aligned_in_space(problem),
        (momentum, *descent.ALIGNED_QUESTIONS),
        _one(descent.predict_aligned),
    ),
    ClosedForm(
        "learning rule, given weights",
        "descent of two layers under a rule, with at least as many hidden units as modes, data and a rule that do not"
        " couple modes, and weights that are decoupled (then it is exact) or small (then it is exact as they tend to"
        " zero; with a Hebbian term of an inverse form the error also decreases with the number of hidden units)",
        _by_rule,
        (momentum, *descent.QUESTIONS),
        _one(descent.predict),
    ),
    ClosedForm(
        "modules, aligned start",
        "modules that start aligned with the modes of a systematicity dataset; those that share outputs share all",
        lambda problem: not problem.network.is_chain and aligned_modules.covers(problem),
        (momentum, *aligned_modules.QUESTIONS),
        aligned_modules.predict,
    ),
    ClosedForm(
        "modules, each by its closed form",
        "modules that share no outputs and have a closed form each, or shallow ones, from any start",
        lambda problem: not problem.network.is_chain,
        (momentum, *groups.QUESTIONS),
        groups.predict,
    ),
)
"""The first that covers a problem, and does not refuse it, is used."""


@dataclass(frozen=True)
class ClosedFormAnswer:
    """The closed form of a problem, or the reason why there is none.

    Attributes
    ----------
    name : str or None
        Name of the closed form that :func:`linmod.theory.solve` uses; None if there is none.
    assumptions : str
        Of this form, in one sentence; empty if there is none.
    reason : str
        Why there is no closed form; empty if there is one.
    way_out : str
        What to do if there is none.

    See Also
    --------
    closed_form : Ask for the answer on a problem.
    """

    name: str | None
    assumptions: str = ""
    reason: str = ""
    way_out: str = ""

    @property
    def exists(self) -> bool:
        """Whether there is a closed form."""
        return self.name is not None

    def __str__(self) -> str:
        if self.name is None:
            return f"no closed form: {self.reason}; {self.way_out}"
        return f"{self.name}. Assumptions: {self.assumptions}."


def closed_form(problem: Problem) -> ClosedFormAnswer:
    """Name the closed form that :func:`linmod.theory.solve` uses for a problem, without solving it.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    ClosedFormAnswer
        The name of the closed form and its assumptions, or the reason why there is none and a way out.

    See Also
    --------
    solve : Predict the course of learning by this form.

    Examples
    --------
    >>> import linmod
    >>> dataset, training = linmod.SystematicityDataset(3, 1, 3, 1), linmod.Descent(0.05, 100)
    >>> print(closed_form(linmod.Problem(dataset, linmod.Shallow(), linmod.SmallRandom(), training)))
    shallow, any start. Assumptions: one layer, any data and any initial weights.
    >>> answer = closed_form(linmod.Problem(dataset, linmod.Deep(hidden=4), linmod.SmallRandom(), training))
    >>> answer.exists, answer.reason
    (False, 'hidden=4 is below the number of modes, 8, which compete for units')
    >>> answer.way_out
    'use at least hidden=8, or dynamics.solve'
    """
    instance("problem", problem, (Problem,))
    form = first_form(problem)
    if isinstance(form, Refusal):
        return ClosedFormAnswer(None, reason=form.reason, way_out=form.way_out)
    return ClosedFormAnswer(form.name, assumptions=form.assumptions)


def first_form(problem: Problem) -> ClosedForm | Refusal:
    """Return the first closed form that covers a problem and does not refuse it; otherwise the first refusal."""
    refusals = []
    for form in CLOSED_FORMS:
        if form.covers(problem):
            refusal = form.refusal(problem)
            if refusal is None:
                return form
            refusals.append(refusal)
    return refusals[0]


def spectra_of(problem: Problem, given: Spectrum | Sequence[Spectrum] | None) -> Sequence[Spectrum]:
    """Return one spectrum for each part of a network: those given, or those of the data."""
    network, dataset = problem.network, problem.dataset
    if network.is_chain:
        single = spectrum(dataset) if given is None else given
        instance("spectrum", single, (Spectrum,))
        return (cast(Spectrum, single),)
    parts = groups.module_spectra(network, dataset) if given is None else given
    chosen = () if isinstance(parts, Spectrum) else tuple(parts)
    if len(chosen) != len(network.modules) or not all(isinstance(one, Spectrum) for one in chosen):
        raise TypeError(f"spectrum must be one Spectrum for each of {len(network.modules)} modules, got {given!r}")
    return chosen
