"""Predictions: symbolic and closed forms of how linear networks learn."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from .closed_forms import ClosedFormAnswer, closed_form
from .dense.aligned_start import aligned_loss, block_norms
from .dense.deep import deep_descent, deep_flow, half_time_deep
from .dense.random_starts import RandomStartMean, mean_half_time, mean_log_strength, mean_systematicity_ratio
from .dense.shallow import half_time_shallow, shallow_descent, shallow_flow
from .dense.stability import largest_stable_step
from .dense.strengths import InitialStrengths, initial_strengths, small_start_order
from .dense.two_layer import half_time_two_layer, two_layer_descent, two_layer_flow, two_layer_vector_flow
from .growth import growth_direction, growth_rate, learning_order
from .held_out.errors import (
    compositional_error_at_convergence,
    held_out_errors,
    held_out_errors_at_convergence,
    is_learnable,
    shallow_held_out_errors,
)
from .held_out.mean_errors import compositional_error_of_mean_set, mean_compositional_error, mean_held_out_errors
from .held_out.rank_counting import FractionEstimate, estimate_full_rank, full_rank_probability, zero_error_probability
from .modular.groups import module_spectra
from .modular.leak import LeakRatios, leak_ratios
from .modular.race import race_clock, race_descent, race_final, race_flow
from .module_finding.captured_variance import best_direction, captured_variance, module_tilt, sine_coefficients
from .module_finding.linear_modules import excess_error, reduced_rank_directions, ridge_direction
from .rules.descent import rule_descent, unit_rule_descent
from .rules.fixed_points import FixedPoint, fixed_points, slow_time, slow_velocity, transverse_rate
from .rules.initial_gains import InitialGains, initial_gains
from .solving import solve
from .spectrum import ModeClass, Spectrum, singular_vectors, spectrum, systematicity_ratio

__all__ = [
    "ClosedFormAnswer",
    "FixedPoint",
    "FractionEstimate",
    "InitialGains",
    "InitialStrengths",
    "LeakRatios",
    "ModeClass",
    "RandomStartMean",
    "Spectrum",
    "aligned_loss",
    "best_direction",
    "block_norms",
    "captured_variance",
    "closed_form",
    "compositional_error_at_convergence",
    "compositional_error_of_mean_set",
    "deep_descent",
    "deep_flow",
    "estimate_full_rank",
    "excess_error",
    "fixed_points",
    "full_rank_probability",
    "growth_direction",
    "growth_rate",
    "half_time_deep",
    "half_time_shallow",
    "half_time_two_layer",
    "held_out_errors",
    "held_out_errors_at_convergence",
    "initial_gains",
    "initial_strengths",
    "is_learnable",
    "largest_stable_step",
    "leak_ratios",
    "learning_order",
    "mean_compositional_error",
    "mean_half_time",
    "mean_held_out_errors",
    "mean_log_strength",
    "mean_systematicity_ratio",
    "module_spectra",
    "module_tilt",
    "race_clock",
    "race_descent",
    "race_final",
    "race_flow",
    "reduced_rank_directions",
    "ridge_direction",
    "rule_descent",
    "shallow_descent",
    "shallow_flow",
    "shallow_held_out_errors",
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
    "unit_rule_descent",
    "zero_error_probability",
]


LAZY = ("derivations", "scaling", "symbolic")
"""Subpackages that load sympy, or much else, and only when they are first used."""


def __getattr__(name: str) -> ModuleType:
    """Load a subpackage when it is first used."""
    if name in LAZY:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return public names, and the subpackages that are loaded when they are first used."""
    return sorted([*__all__, *LAZY])
