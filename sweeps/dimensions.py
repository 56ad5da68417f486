"""The dimensions of a sweep: their names and values, checked before anything is computed."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from .description import canonical, label
from .quantities import DIMENSIONS, QUANTITIES

Columns = Mapping[str, Sequence[Any]]
TAKEN = (*DIMENSIONS, *QUANTITIES, "error", "time")
RESERVED = (
    *("byte", "char", "short", "ushort", "int", "uint", "int64", "uint64"),
    *("float", "real", "double", "bool", "string"),
)


def check_axes(axes: Sequence[tuple[str, Columns]]) -> None:
    """Raise unless every dimension has different values, all lists along it one length, and no field varies twice."""
    for name, columns in axes:
        _check_name(name)
        rows = [canonical(row) for row in zip(*columns.values(), strict=False)]
        if len({len(values) for values in columns.values()}) != 1:
            raise ValueError(f"lists.{name} must hold lists of one length, got {_lengths(columns)}")
        if not rows:
            raise ValueError(f"{name} must have at least one value, got none")
        if len(set(rows)) != len(rows):
            raise ValueError(f"{name} must have different values, got {max(rows, key=rows.count)} twice")
    _check_paths([path for _, columns in axes for path in columns])
    names = [name for name, _ in axes]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the dimension {name!r} must have another name: two dimensions have that one")


def check_names(base: Mapping[str, Mapping[str, Any]], axes: Mapping[str, Columns]) -> None:
    """Raise if a dimension, or a field that varies, has the name of something else in the results."""
    fixed = {label(f"{section}.{field}"): f"{section}.{field}" for section, table in base.items() for field in table}
    varied = {label(path): path for columns in axes.values() for path in columns}
    for name, columns in axes.items():
        own = next(iter(columns)) if len(columns) == 1 else None
        holder = fixed.get(name) or varied.get(name)
        if name in TAKEN or (holder is not None and holder != own):
            what = f"the field {holder}" if holder else "a quantity or dimension of the results"
            raise ValueError(f"the dimension {name!r} must have another name: that one is taken by {what}")
    for name, path in varied.items():
        if name in fixed:
            raise ValueError(f"{path} cannot vary together with {fixed[name]}: both are called {name!r} in the results")


def _check_paths(paths: Sequence[str]) -> None:
    for at, path in enumerate(paths):
        for other in paths[at + 1 :]:
            if path == other:
                raise ValueError(f"{path} varies along more than one dimension; give it once")
            if f"{path}.".startswith(f"{other}.") or f"{other}.".startswith(f"{path}."):
                raise ValueError(f"{path} and {other} cannot both vary: one of them is part of the other")


def _check_name(name: str) -> None:
    """Raise unless a name is one that NetCDF files can hold."""
    if not isinstance(name, str) or not name:
        raise ValueError(f"the name of a dimension must be a text that is not empty, got {name!r}")
    allowed = name[0].isalnum() or name[0] == "_"
    if not allowed or name in RESERVED or "/" in name or name != name.strip() or not name.isprintable():
        raise ValueError(f"the dimension {name!r} must have another name: NetCDF files cannot hold that one")
    if unicodedata.normalize("NFC", name) != name:
        raise ValueError(f"the dimension {name!r} must be written with composed characters (Unicode's NFC)")


def _lengths(columns: Columns) -> str:
    return ", ".join(f"{path} {len(values)}" for path, values in columns.items()) or "none"
