"""Simulations: training of all weights by gradient flow or descent, and the equations of single modes."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from .batches import solve_batch
from .coordinate_systems.choice import CoordinatesAnswer, coordinates
from .dense.stability import largest_stable_step
from .held_out import held_out_errors
from .integrators import INTEGRATORS
from .modular.pathways import solve_pathways
from .solving import solve, solve_added, solve_modes

__all__ = [
    "INTEGRATORS",
    "CoordinatesAnswer",
    "coordinates",
    "held_out_errors",
    "largest_stable_step",
    "solve",
    "solve_added",
    "solve_batch",
    "solve_modes",
    "solve_pathways",
]

_SUBPACKAGES = ("module_finding", "nonlinear", "scaling")


def __getattr__(name: str) -> ModuleType:
    if name in _SUBPACKAGES:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_SUBPACKAGES])
