"""The closed forms as sympy expressions, their symbols, equality settled by the machine, formulas and their book."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    """A closed form by name; sympy is loaded when the first is asked for."""
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(".modes", __name__), name)
