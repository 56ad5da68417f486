"""The two-layer network in closed form, from given initial weights."""

from __future__ import annotations

from ...problem import Problem
from ..refusals import Refusal, coupled_modes, no_weights, too_narrow
from ..spectrum import Spectrum, idle_inputs, mode_vectors
from ..spectrum import spectrum as spectrum_of
from .course import Course
from .evolution import evolve
from .stability import largest_stable_step
from .strengths import DECOUPLED, initial_strengths


def unstable_step(problem: Problem) -> Refusal | None:
    """Refuse a step with which training leaves the predicted solution."""
    training = problem.training
    if not training.is_descent:
        return None
    limit = largest_stable_step(problem.network, problem.dataset)
    if training.step_size <= limit:
        return None
    return Refusal(
        f"step_size={training.step_size:g} is above the largest stable step for this dataset, {limit:.6g}: training"
        " does not stay at the solution",
        "take a smaller step, or use dynamics.solve",
    )


QUESTIONS = (no_weights, coupled_modes, too_narrow, unstable_step)


def course(problem: Problem, spectrum: Spectrum, strength_factor: float) -> Course:
    """Return the course of all modes, independently, from the effective strengths of the initial weights."""
    dataset = problem.dataset
    U, V = mode_vectors(dataset)
    start = initial_strengths(spectrum_of(dataset), U, V, problem.initial_weights)
    y0, z0 = strength_factor * start.y0, strength_factor * start.z0
    pi = evolve(problem, spectrum.per_mode("lam"), spectrum.per_mode("delta"), y0, z0)
    idle = start.directions.T @ problem.initial_weights[0] @ idle_inputs(dataset)
    return Course(U @ start.rotation, V @ start.rotation, pi, start.method, start.method == DECOUPLED, idle)
