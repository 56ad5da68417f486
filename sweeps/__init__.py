"""Sweeps: many problems at once, their results in one labelled dataset."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .definition import Sweep
from .reading import read_sweep
from .running import WorkerLost, sweep

if TYPE_CHECKING:
    from .table import load_sweep

__all__ = ["Sweep", "WorkerLost", "load_sweep", "read_sweep", "sweep"]


def __getattr__(name: str) -> Any:
    """Load xarray when results are first loaded."""
    if name == "load_sweep":
        return import_module(".table", __name__).load_sweep
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
