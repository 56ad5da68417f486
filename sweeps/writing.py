"""A sweep as a TOML file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..storage import write_atomically
from ..validation import instance
from .definition import Sweep


def write_sweep(sweep: Sweep, path: str | Path) -> None:
    """Write a sweep as a TOML file.

    Parameters
    ----------
    sweep : Sweep
    path : str or Path

    Raises
    ------
    TypeError
        If it is no sweep.
    OSError
        If the file cannot be written.

    See Also
    --------
    read_sweep : The way back.

    Examples
    --------
    >>> import tempfile
    >>> from linmod.sweeps import read_sweep
    >>> sweep = Sweep({"dataset": {"n_x": 3, "n_y": 1, "k_x": 3, "k_y": 1}, "network": {"kind": "deep"},
    ...                "initial": {"kind": "aligned"}, "training": {"kind": "descent", "step_size": 0.1, "steps": 9}},
    ...               grid={"training.rule.hebbian": [0.0, 0.1]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_sweep(sweep, f"{folder}/sweep.toml")
    ...     read_sweep(f"{folder}/sweep.toml").definition == sweep.definition
    True
    """
    instance("sweep", sweep, (Sweep,))
    write_atomically(Path(path), toml(_tables(sweep)).encode())


def toml(tables: Mapping[str, Any]) -> str:
    """Return the plain values as TOML: tables of the first level with a head, those in them inline.

    Examples
    --------
    >>> print(toml({"seeds": [0, 1], "network": {"kind": "deep", "hidden": 5}}))
    seeds = [0, 1]
    <BLANKLINE>
    [network]
    kind = "deep"
    hidden = 5
    <BLANKLINE>
    """
    lines = [f"{_key(name)} = {_value(value)}" for name, value in tables.items() if not isinstance(value, Mapping)]
    for name, table in tables.items():
        if isinstance(table, Mapping):
            lines += ["", f"[{_key(name)}]", *(f"{_key(entry)} = {_value(value)}" for entry, value in table.items())]
    return "\n".join(lines).lstrip("\n") + "\n"


def _tables(sweep: Sweep) -> dict[str, Any]:
    axes = dict(sweep.axes)
    seeds = {} if sweep.seeds is None else {"seeds": axes.pop("seed")["initial.seed"]}
    lists = {name: axes.pop(name) for name in sweep.lists}
    grid = {path: values for columns in axes.values() for path, values in columns.items()}
    return {
        **seeds,
        "record": list(sweep.record),
        "solutions": list(sweep.solutions),
        "over_time": sweep.over_time,
        **sweep.base,
        **({"grid": grid} if grid else {}),
        **({"lists": lists} if lists else {}),
    }


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(name)} = {_value(entry)}" for name, entry in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _text(value) if isinstance(value, str) else repr(value)
