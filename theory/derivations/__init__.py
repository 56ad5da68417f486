"""Derivations: each closed form as a chain of steps that the machine has checked, to read and to export."""

from __future__ import annotations

from .book.catalogue import catalogue, derive
from .derivation import Derivation, DoesNotFollow
from .steps.checks import (
    Algebra,
    AsLimit,
    Check,
    Combination,
    Conservation,
    Integration,
    Solves,
    Statement,
    Through,
)
from .steps.lines import Given, Rejected, Step
from .steps.matrices import InAlgebra, Instance, OnMatrices, TraceInAlgebra

__all__ = [
    "Algebra",
    "AsLimit",
    "Check",
    "Combination",
    "Conservation",
    "Derivation",
    "DoesNotFollow",
    "Given",
    "InAlgebra",
    "Instance",
    "Integration",
    "OnMatrices",
    "Rejected",
    "Solves",
    "Statement",
    "Step",
    "Through",
    "TraceInAlgebra",
    "catalogue",
    "derive",
]
