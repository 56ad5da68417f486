"""The two-layer network in closed form, from given initial weights."""

from __future__ import annotations

from ..datasets import SystematicityDataset
from ..problem import NoClosedForm, Problem, Weights
from ..trajectory import Trajectory, observe
from .evolution import evolve, origin
from .modes import Spectrum, singular_vectors
from .modes import spectrum as spectrum_of
from .strengths import initial_strengths


def predict(problem: Problem, spectrum: Spectrum, strength_factor: float) -> Trajectory:
    """Course of all modes, each by itself, from the effective strengths of the initial weights."""
    dataset = problem.dataset
    if not dataset.is_decoupled:
        raise NoClosedForm("X'X and Y'Y of this dataset do not commute, so learning couples its modes")
    hidden = problem.initial_weights[0].shape[0]
    if hidden < spectrum.n_modes:
        raise NoClosedForm(f"hidden={hidden} is below the number of modes, {spectrum.n_modes}, which compete for units")
    if isinstance(dataset, SystematicityDataset):
        U, V = singular_vectors(dataset)
    else:
        U, V = dataset.mode_basis.U, dataset.mode_basis.V
    start = initial_strengths(spectrum_of(dataset), U, V, problem.initial_weights)
    y0, z0 = strength_factor * start.y0, strength_factor * start.z0
    pi = evolve(problem, spectrum.per_mode("lam"), spectrum.per_mode("delta"), y0, z0)
    left, right = U @ start.rotation, V @ start.rotation
    seen = observe(dataset, ((left * strengths) @ right.T for strengths in pi))
    return Trajectory(
        description=repr(problem),
        origin=origin(problem, start.rule),
        times=problem.times,
        modes=seen.modes,
        norms=seen.norms,
        loss=seen.loss,
        neglected=start.neglected,
        make_strengths=lambda: seen.strengths,
        make_weights=_not_predicted,
    )


def _not_predicted() -> Weights:
    raise NoClosedForm("the closed form from given weights predicts modes, norms and loss, not the weights")
