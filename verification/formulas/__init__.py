"""Formulas compared with training: the verdict, where a formula holds, what it is, and what would mend it."""

from .verdict import FormulaVerdict, check

__all__ = ["FormulaVerdict", "check"]
