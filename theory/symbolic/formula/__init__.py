"""Formulas from text, LaTeX or sympy, in the symbols of the theory. Reading and evaluating them loads no sympy."""

from .formula import OF, Formula
from .limits import FormulaError

__all__ = ["OF", "Formula", "FormulaError"]
