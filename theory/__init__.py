"""Predictions: symbolic and closed forms of how linear networks learn."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from .aligned import aligned_loss, block_norms
from .depth import depth_descent, depth_flow, half_time_depth
from .leak import LeakRatios, leak_ratios
from .modes import ModeClass, Spectrum, singular_vectors, spectrum, systematicity_ratio
from .modules import module_spectra
from .prediction import predict, solve
from .race import race_clock, race_descent, race_final, race_flow
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
    "LeakRatios",
    "ModeClass",
    "Spectrum",
    "aligned_loss",
    "block_norms",
    "depth_descent",
    "depth_flow",
    "half_time_depth",
    "half_time_shallow",
    "half_time_two_layer",
    "initial_strengths",
    "largest_stable_step",
    "leak_ratios",
    "module_spectra",
    "predict",
    "race_clock",
    "race_descent",
    "race_final",
    "race_flow",
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
    if name in ("symbols", "symbolic", "equality", "proofs"):
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
