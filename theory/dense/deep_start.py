"""Networks of three layers and more in closed form, from an aligned start on any data whose modes are decoupled."""

from __future__ import annotations

import numpy as np

from ...problem import Aligned, NoClosedForm, Problem
from ..spectrum import Spectrum
from .course import Course
from .evolution import evolve


def course(problem: Problem, spectrum: Spectrum, strength_factor: float) -> Course:
    """Course of all modes, balanced across layers and each by itself."""
    layers, basis = problem.network.layers, problem.dataset.mode_basis
    if not isinstance(problem.initial, Aligned):
        raise NoClosedForm(
            f"with layers={layers} there is a closed form only from an Aligned start: given or random weights are"
            " not balanced across layers, and three layers and more conserve too little to make up for it"
        )
    if not problem.dataset.is_decoupled:
        raise NoClosedForm("X'X and Y'Y of this dataset do not commute, so learning couples its modes")
    spans = [block.stop - block.start for block in basis.classes.values()]
    problem.initial.check(problem.network, dict(zip(basis.classes, spans, strict=True)))
    pi0 = strength_factor * np.repeat([problem.initial.of_class(name) for name in basis.classes], spans)
    lam, delta = spectrum.per_mode("lam"), spectrum.per_mode("delta")
    pi = evolve(problem, lam, delta, 4 * np.maximum(pi0, 0.0), 4 * np.maximum(-pi0, 0.0))
    return Course(basis.U, basis.V, pi, "aligned start", 0.0)
