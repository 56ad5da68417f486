"""The problem behind a point of the results."""

from __future__ import annotations

import json

import xarray as xr

from ..problem import Problem
from .definition import Columns, Sweep
from .description import label
from .table import as_labels


def problem_at(point: xr.Dataset) -> Problem:
    """Make the problem of one point from the labels of the results.

    Parameters
    ----------
    point : xarray.Dataset
        Results of a sweep with one value chosen along each of its dimensions, as by ``results.isel(n_x=0, seed=1)``.

    Returns
    -------
    Problem

    Raises
    ------
    ValueError
        If these are no results of a sweep, or a dimension still has several values.

    See Also
    --------
    linmod.load_sweep : The results of a sweep.

    Examples
    --------
    >>> import tempfile, linmod
    >>> definition = linmod.Sweep(
    ...     {"dataset": {"n_x": 3, "n_y": 1, "k_x": 3, "k_y": 1}, "network": {"kind": "shallow"},
    ...      "initial": {"kind": "aligned"}, "training": {"kind": "descent", "step_size": 0.16, "steps": 300}},
    ...     grid={"dataset.n_x": [2, 3]}, record=["loss"], solutions=["prediction"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     results = linmod.sweep(definition, folder, workers=1)
    >>> problem_at(results.sel(n_x=3)).dataset
    SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1, r=1.0)
    """
    if "definition" not in point.attrs:
        raise ValueError("point must be part of the results of a sweep, got a dataset without the attribute definition")
    sweep = Sweep.from_definition(json.loads(point.attrs["definition"]))
    return sweep.problem([_row(point, name, columns) for name, columns in sweep.axes.items()])


def _row(point: xr.Dataset, name: str, columns: Columns) -> int:
    """Return where a point stands along a dimension."""
    found = {path: point.coords[label(path)].values.reshape(-1).tolist() for path in columns}
    if any(len(values) != 1 for values in found.values()):
        raise ValueError(f"point must have one value along the dimension {name!r}; choose one by isel or sel")
    wanted = [values[0] for values in found.values()]
    rows = list(map(list, zip(*map(as_labels, columns.values()), strict=True)))
    if wanted not in rows:
        raise ValueError(f"{dict(zip(columns, wanted, strict=True))} is not a value along the dimension {name!r}")
    return rows.index(wanted)
