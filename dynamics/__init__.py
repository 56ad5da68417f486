"""Simulations: training of all weights by gradient flow or descent, and the equations of single modes."""

from .batches import solve_batch
from .held_out import held_out_errors
from .integrators import INTEGRATORS
from .pathways import solve_pathways
from .simulation import solve, solve_modes, train
from .stability import largest_stable_step

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
