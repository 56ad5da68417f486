"""Predictions verified against simulations: comparison with null controls, orders of convergence, and claims."""

from .agreement import Agreement, Control
from .claims import Claim, Evidence, Finding, Settings
from .comparison import compare, verify
from .convergence import ConvergenceOrder, convergence_order
from .errors import QuantityError
from .formulas import FormulaVerdict, check
from .sensitivity import Sensitivity

__all__ = [
    "Agreement",
    "Claim",
    "Control",
    "ConvergenceOrder",
    "Evidence",
    "Finding",
    "FormulaVerdict",
    "QuantityError",
    "Sensitivity",
    "Settings",
    "check",
    "compare",
    "convergence_order",
    "verify",
]
