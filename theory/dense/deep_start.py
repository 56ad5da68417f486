"""Networks of three layers and more in closed form, from an aligned start on any data whose modes are decoupled."""

from __future__ import annotations

from typing import cast

import numpy as np

from ...problem import Aligned, Problem
from ..refusals import Refusal, coupled_modes, no_weights
from ..spectrum import Spectrum
from .course import Course
from .evolution import evolve


def unbalanced(problem: Problem) -> Refusal | None:
    """Refuse weights that are not balanced across layers."""
    if problem.initial.is_aligned:
        return None
    return Refusal(
        f"with layers={problem.network.layers} there is a closed form only from an Aligned start: given or random"
        " weights are not balanced across layers, and three layers and more conserve too little to make up for it",
        "use an Aligned start, or dynamics.solve",
    )


QUESTIONS = (no_weights, unbalanced, coupled_modes)


def course(problem: Problem, spectrum: Spectrum, strength_factor: float) -> Course:
    """Return the course of all modes, balanced across layers and independent of each other."""
    basis, initial = problem.dataset.mode_basis, cast(Aligned, problem.initial)
    spans = [block.stop - block.start for block in basis.classes.values()]
    initial.check(problem.network, dict(zip(basis.classes, spans, strict=True)))
    pi0 = strength_factor * np.repeat([initial.of_class(name) for name in basis.classes], spans)
    lam, delta = spectrum.per_mode("lam"), spectrum.per_mode("delta")
    pi = evolve(problem, lam, delta, 4 * np.maximum(pi0, 0.0), 4 * np.maximum(-pi0, 0.0))
    return Course(basis.U, basis.V, pi, "aligned start", exact=True, idle=np.zeros(basis.V.T.shape))
