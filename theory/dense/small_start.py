"""The two-layer network in closed form, from given initial weights."""

from __future__ import annotations

from ...datasets import SystematicityDataset
from ...problem import Problem
from ..refusals import coupled_modes, no_weights, too_narrow
from ..spectrum import Spectrum, idle_inputs, singular_vectors
from ..spectrum import spectrum as spectrum_of
from .course import Course
from .evolution import evolve
from .strengths import DECOUPLED, initial_strengths

QUESTIONS = (no_weights, coupled_modes, too_narrow)


def course(problem: Problem, spectrum: Spectrum, strength_factor: float) -> Course:
    """Course of all modes, each by itself, from the effective strengths of the initial weights."""
    dataset = problem.dataset
    if isinstance(dataset, SystematicityDataset):
        U, V = singular_vectors(dataset)
    else:
        U, V = dataset.mode_basis.U, dataset.mode_basis.V
    start = initial_strengths(spectrum_of(dataset), U, V, problem.initial_weights)
    y0, z0 = strength_factor * start.y0, strength_factor * start.z0
    pi = evolve(problem, spectrum.per_mode("lam"), spectrum.per_mode("delta"), y0, z0)
    idle = start.directions.T @ problem.initial_weights[0] @ idle_inputs(dataset)
    return Course(U @ start.rotation, V @ start.rotation, pi, start.method, start.method == DECOUPLED, idle)
