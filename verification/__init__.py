"""Predictions verified against simulations: comparison with null controls, orders of convergence, and claims."""

from .claims import Claim, Evidence, Finding, Settings
from .comparison import Agreement, Control, QuantityError, compare, verify
from .convergence import ConvergenceOrder, convergence_order

__all__ = [
    "Agreement",
    "Claim",
    "Control",
    "ConvergenceOrder",
    "Evidence",
    "Finding",
    "QuantityError",
    "Settings",
    "compare",
    "convergence_order",
    "verify",
]
