"""Simulations: training of all weights by gradient flow or descent, and the equations of single modes."""

from .batches import solve_batch
from .dense.stability import largest_stable_step
from .held_out import held_out_errors
from .integrators import INTEGRATORS
from .modular.pathways import solve_pathways
from .solving import solve, solve_modes, train

__all__ = [
    "INTEGRATORS",
    "held_out_errors",
    "largest_stable_step",
    "solve",
    "solve_batch",
    "solve_modes",
    "solve_pathways",
    "train",
]
