"""Simulations: training of all weights by gradient flow or descent, and the equations of single modes."""

from .integrators import INTEGRATORS
from .pathways import solve_pathways
from .simulation import solve, solve_modes
from .stability import largest_stable_step

__all__ = ["INTEGRATORS", "largest_stable_step", "solve", "solve_modes", "solve_pathways"]
