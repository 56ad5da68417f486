"""Predictions: symbolic and closed forms of how linear networks learn."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..lazy import public_names
from .spectrum import spectrum as spectrum  # at once: the module's own import would take its name

_HOME_OF = public_names(__file__)

__all__ = sorted(name for name, home in _HOME_OF.items() if home)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOME_OF[name]
    return getattr(import_module(f".{home}", __name__), name) if home else import_module(f".{name}", __name__)


def __dir__() -> list[str]:
    return sorted(_HOME_OF)
