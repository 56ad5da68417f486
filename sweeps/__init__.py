"""Sweeps: many problems at once, their results in one labelled dataset."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .definition import Sweep
from .reading import read_sweep
from .running import WorkerLost, sweep
from .store import NotStored
from .writing import write_sweep

if TYPE_CHECKING:
    from .rebuilding import problem_at
    from .table import load_sweep

__all__ = ["NotStored", "Sweep", "WorkerLost", "load_sweep", "problem_at", "read_sweep", "sweep", "write_sweep"]

_LATE = {"load_sweep": "table", "problem_at": "rebuilding"}


def __getattr__(name: str) -> Any:
    """Load xarray when results are first loaded."""
    if name in _LATE:
        return getattr(import_module(f".{_LATE[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
