"""Simulations of linear random features: draws of data, learned by least squares, by ridge or by gradient flow."""

from .cosine_modules import estimate_kernel_ridge, estimate_known_directions
from .flow import EstimatedFlow, estimate_flow, flow_weights
from .monte_carlo import Estimate, estimate, hill_index
from .random_features import (
    EstimatedLosses,
    InfiniteVariance,
    draw_data,
    estimate_losses,
    sample_inverse_traces,
    sample_losses,
)

__all__ = [
    "Estimate",
    "EstimatedFlow",
    "EstimatedLosses",
    "InfiniteVariance",
    "draw_data",
    "estimate",
    "estimate_flow",
    "estimate_kernel_ridge",
    "estimate_known_directions",
    "estimate_losses",
    "flow_weights",
    "hill_index",
    "sample_inverse_traces",
    "sample_losses",
]
