"""Predictions of how losses scale with samples, features, dimensions and modules, for linear random features."""

from importlib import import_module
from types import ModuleType

from .criteria import sample_complexity_at_size, samples_of_optimal_size, useful_sample_complexity
from .flow import FlowLosses, flow_losses, flow_losses_given
from .ideal import ideal_loss, ideal_sample_complexity, log_ideal_sample_complexity
from .losses import (
    ExpectedLosses,
    deterministic_equivalent,
    effective_ridge,
    expected_losses,
    isotropic_losses,
)
from .sample_complexity import (
    log_sample_complexity,
    modular_sample_complexity,
    optimal_size,
    sample_complexity,
    smallest_loss,
)
from .traces import inverse_wishart_trace, tail_index

__all__ = [
    "ExpectedLosses",
    "FlowLosses",
    "deterministic_equivalent",
    "effective_ridge",
    "expected_losses",
    "flow_losses",
    "flow_losses_given",
    "ideal_loss",
    "ideal_sample_complexity",
    "inverse_wishart_trace",
    "isotropic_losses",
    "log_ideal_sample_complexity",
    "log_sample_complexity",
    "modular_sample_complexity",
    "optimal_size",
    "sample_complexity",
    "sample_complexity_at_size",
    "samples_of_optimal_size",
    "smallest_loss",
    "tail_index",
    "useful_sample_complexity",
]


def __getattr__(name: str) -> ModuleType:
    """Load the symbolic forms, and with them sympy, when they are first used."""
    if name == "symbolic":
        return import_module(".symbolic", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
