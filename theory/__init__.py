"""Predictions: symbolic and closed forms of how linear networks learn."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from .aligned import aligned_loss, block_norms
from .fixed_points import FixedPoint, fixed_points, slow_time, slow_velocity, transverse_rate
from .growth import growth_direction, growth_rate, learning_order
from .modes import ModeClass, Spectrum, singular_vectors, spectrum, systematicity_ratio
from .prediction import predict, solve
from .ruled import ruled_descent
from .ruled_start import RuledStart, ruled_start
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
    "FixedPoint",
    "InitialStrengths",
    "ModeClass",
    "RuledStart",
    "Spectrum",
    "aligned_loss",
    "block_norms",
    "fixed_points",
    "growth_direction",
    "growth_rate",
    "half_time_shallow",
    "half_time_two_layer",
    "initial_strengths",
    "largest_stable_step",
    "learning_order",
    "predict",
    "ruled_descent",
    "ruled_start",
    "shallow_descent",
    "shallow_flow",
    "singular_vectors",
    "slow_time",
    "slow_velocity",
    "small_start_order",
    "solve",
    "spectrum",
    "systematicity_ratio",
    "transverse_rate",
    "two_layer_descent",
    "two_layer_flow",
    "two_layer_vector_flow",
]


def __getattr__(name: str) -> ModuleType:
    """Load the symbolic modules, and with them sympy, when they are first used."""
    if name in ("symbols", "symbolic", "equality", "proofs"):
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
