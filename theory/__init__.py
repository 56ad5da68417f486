"""Predictions: symbolic and closed forms of how linear networks learn."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from .dense.aligned_start import aligned_loss, block_norms
from .dense.deep import depth_descent, depth_flow, half_time_depth
from .dense.random_starts import Expected, log_strength, random_half_time, random_ratio
from .dense.shallow import half_time_shallow, shallow_descent, shallow_flow
from .dense.stability import largest_stable_step
from .dense.strengths import InitialStrengths, initial_strengths, small_start_order
from .dense.two_layer import half_time_two_layer, two_layer_descent, two_layer_flow, two_layer_vector_flow
from .growth import growth_direction, growth_rate, learning_order
from .held_out.errors import held_out_errors, held_out_set_error, is_learnable, limit_errors, shallow_errors
from .held_out.mean_errors import average_errors, expected_compositional_error, mean_field_error
from .held_out.rank_counting import Estimate, estimate_full_rank, full_rank_probability, zero_error_probability
from .modular.groups import module_spectra
from .modular.leak import LeakRatios, leak_ratios
from .modular.race import race_clock, race_descent, race_final, race_flow
from .module_finding.captured_variance import best_direction, captured_variance, module_tilt, sine_coefficients
from .module_finding.linear_modules import excess_error, reduced_rank_directions, ridge_direction
from .rules.descent import ruled_descent
from .rules.fixed_points import FixedPoint, fixed_points, slow_time, slow_velocity, transverse_rate
from .rules.initial_gains import RuledStart, ruled_start
from .solving import predict, solve
from .spectrum import ModeClass, Spectrum, singular_vectors, spectrum, systematicity_ratio

__all__ = [
    "Estimate",
    "Expected",
    "FixedPoint",
    "InitialStrengths",
    "LeakRatios",
    "ModeClass",
    "RuledStart",
    "Spectrum",
    "aligned_loss",
    "average_errors",
    "best_direction",
    "block_norms",
    "captured_variance",
    "depth_descent",
    "depth_flow",
    "estimate_full_rank",
    "excess_error",
    "expected_compositional_error",
    "fixed_points",
    "full_rank_probability",
    "growth_direction",
    "growth_rate",
    "half_time_depth",
    "half_time_shallow",
    "half_time_two_layer",
    "held_out_errors",
    "held_out_set_error",
    "initial_strengths",
    "is_learnable",
    "largest_stable_step",
    "leak_ratios",
    "learning_order",
    "limit_errors",
    "log_strength",
    "mean_field_error",
    "module_spectra",
    "module_tilt",
    "predict",
    "race_clock",
    "race_descent",
    "race_final",
    "race_flow",
    "random_half_time",
    "random_ratio",
    "reduced_rank_directions",
    "ridge_direction",
    "ruled_descent",
    "ruled_start",
    "shallow_descent",
    "shallow_errors",
    "shallow_flow",
    "sine_coefficients",
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
    "zero_error_probability",
]


def __getattr__(name: str) -> ModuleType:
    """Load the symbolic modules, and with them sympy, and those on scaling when they are first used."""
    if name in ("symbolic", "derivations", "scaling"):
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
