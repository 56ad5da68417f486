"""Closed-form and simulated learning dynamics of linear neural modules, verified against each other."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path
from typing import Any


def _public_names() -> dict[str, str]:
    """Public names with the subpackages that hold them ("" for a subpackage), as __init__.pyi lists them."""
    listed = ast.parse(Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8")).body
    lines = [line for line in listed if isinstance(line, ast.ImportFrom)]
    return {entry.name: line.module or "" for line in lines for entry in line.names}


_HOME_OF = _public_names()

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
