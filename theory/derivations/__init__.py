"""Derivations: each closed form as a chain of steps that the machine has checked, to read and to export.

The list of derivations can be read without sympy; everything else is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
        Through,
    )
    from .steps.lines import Given, Rejected, Step
    from .steps.matrices import InAlgebra, Instance, OnMatrices, TraceInAlgebra
    from .steps.statement import Statement

_HOMES = {
    "book.catalogue": (
        "catalogue",
        "derive",
    ),
    "derivation": (
        "Derivation",
        "DoesNotFollow",
    ),
    "steps.checks": (
        "Algebra",
        "AsLimit",
        "Check",
        "Combination",
        "Conservation",
        "Integration",
        "Solves",
        "Through",
    ),
    "steps.lines": (
        "Given",
        "Rejected",
        "Step",
    ),
    "steps.matrices": (
        "InAlgebra",
        "Instance",
        "OnMatrices",
        "TraceInAlgebra",
    ),
    "steps.statement": ("Statement",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

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


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(import_module(f".{_HOME_OF[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
