"""Predictions: symbolic and closed forms of how linear networks learn."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from .aligned import aligned_loss, block_norms
from .modes import ModeClass, Spectrum, singular_vectors, spectrum, systematicity_ratio
from .prediction import predict, solve
from .stability import largest_stable_step
from .strengths import InitialStrengths, initial_strengths, small_start_order
from .trajectories import (
    half_time_shallow,
    half_time_two_layer,
    shallow_descent,
    shallow_flow,
    two_layer_descent,
    two_layer_flow,
    two_layer_vector_flow,
)

__all__ = [
    "InitialStrengths",
    "ModeClass",
    "Spectrum",
    "aligned_loss",
    "block_norms",
    "half_time_shallow",
    "half_time_two_layer",
    "initial_strengths",
    "largest_stable_step",
    "predict",
    "shallow_descent",
    "shallow_flow",
    "singular_vectors",
    "small_start_order",
    "solve",
    "spectrum",
    "systematicity_ratio",
    "two_layer_descent",
    "two_layer_flow",
    "two_layer_vector_flow",
]


def __getattr__(name: str) -> ModuleType:
    """Load the symbolic modules, and with them sympy, when they are first used."""
    if name in ("symbols", "symbolic", "equality", "derivations"):
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
