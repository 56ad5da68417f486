"""Closed-form and simulated learning dynamics of linear neural modules, verified against each other."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .lazy import public_names

_HOME_OF = public_names(__file__)

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("linmod")
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOME_OF[name]
    return getattr(import_module(f".{home}", __name__), name) if home else import_module(f".{name}", __name__)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
