"""Finished points as one labelled dataset, and its file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr

from ..problem import Training
from ..validation import FloatArray, instance
from .definition import Sweep
from .description import UNITS, build_section, canonical, label
from .quantities import LABELS, QUANTITIES
from .store import MANIFEST, RESULTS, versions, write_atomically

ENGINE: Literal["scipy"] = "scipy"


def table(sweep: Sweep, outcomes: Iterable[Mapping[str, Any]]) -> xr.Dataset:
    """Put the outcomes of all points, in their order, into one dataset.

    Parameters
    ----------
    sweep : Sweep
    outcomes : iterable of mapping
        What :func:`linmod.sweeps.points.run_point` returns.

    Returns
    -------
    xarray.Dataset
        With NaN, and a text in ``error``, where a point failed.
    """
    times = _times(sweep)
    used = {name for quantity in sweep.record for name in QUANTITIES[quantity].dimensions}
    labels = {"solution": list(sweep.solutions), **{name: list(LABELS[name]) for name in LABELS if name in used}}
    values = {quantity: _empty(sweep, quantity, times.sizes["report"]) for quantity in sweep.record}
    errors = np.full((len(sweep.solutions), *sweep.shape), "", dtype=object)
    for index, outcome in zip(sweep.indices(), outcomes, strict=True):
        for at, solution in enumerate(sweep.solutions):
            found = outcome[solution]
            errors[(at, *index)] = found["error"]
            for quantity, measured in found.items():
                if quantity != "error":
                    _place(values[quantity], (at, *index), QUANTITIES[quantity].dimensions, measured)
    variables = {
        quantity: xr.Variable(_dimensions(sweep, quantity), array, _attributes(quantity))
        for quantity, array in values.items()
    }
    variables["error"] = xr.Variable(("solution", *sweep.axes), errors, {"long_name": "why a point failed, or empty"})
    return xr.Dataset(variables, {**_coordinates(sweep, times), **labels}, _provenance(sweep))


def write_table(dataset: xr.Dataset, path: Path) -> None:
    """Write a dataset as NetCDF, in one go."""
    write_atomically(path, bytes(dataset.to_netcdf(engine=ENGINE)))


def load_sweep(path: str | Path) -> xr.Dataset:
    """Load the results of a sweep.

    Parameters
    ----------
    path : str or Path
        The folder of a finished sweep, or the NetCDF file in it.

    Returns
    -------
    xarray.Dataset
        As :func:`linmod.sweep` returns it.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or the sweep in the folder is not finished.
    ValueError
        If the file is not NetCDF.

    Examples
    --------
    >>> import linmod
    >>> linmod.load_sweep("nowhere.nc")
    Traceback (most recent call last):
    FileNotFoundError: there is no file nowhere.nc
    """
    instance("path", path, (str, os.PathLike))
    file = Path(path)
    if (file / MANIFEST).exists() and not (file / RESULTS).exists():
        raise FileNotFoundError(f"the sweep in {file} is not finished; run it again to go on")
    if file.is_dir():
        file = file / RESULTS
    if not file.exists():
        raise FileNotFoundError(f"there is no file {file}")
    try:
        return xr.load_dataset(file, engine=ENGINE)
    except (TypeError, ValueError, OSError) as error:
        raise ValueError(f"{file} is not a NetCDF file of a sweep: {error}") from error


def _dimensions(sweep: Sweep, quantity: str) -> tuple[str, ...]:
    kind = QUANTITIES[quantity]
    return ("solution", *sweep.axes, *kind.dimensions, *(["report"] if sweep.over_time and kind.in_time else []))


def _empty(sweep: Sweep, quantity: str, reports: int) -> FloatArray:
    sizes = [len(LABELS[name]) for name in QUANTITIES[quantity].dimensions]
    in_time = [reports] if sweep.over_time and QUANTITIES[quantity].in_time else []
    return np.full((len(sweep.solutions), *sweep.shape, *sizes, *in_time), np.nan)


def _place(target: FloatArray, at: tuple[int, ...], dimensions: tuple[str, ...], measured: Iterable[Any]) -> None:
    for names, values in measured:
        labels = [LABELS[dimension].index(name) for dimension, name in zip(dimensions, names, strict=True)]
        spot: Any = (*at, *labels, ...)
        np.atleast_1d(target[spot])[: len(values)] = values


def _attributes(quantity: str) -> dict[str, str]:
    return {"units": QUANTITIES[quantity].units, "long_name": QUANTITIES[quantity].long_name}


def _times(sweep: Sweep) -> xr.Variable:
    """Times reported, along the dimensions on which they depend; those that a point lacks are NaN."""
    own = {
        name: length
        for (name, columns), length in zip(sweep.axes.items(), sweep.shape, strict=True)
        if any(path.startswith("training.") for path in columns)
    }
    rows = []
    for at in product(*map(range, own.values())):
        places = dict(zip(own, at, strict=True))
        described = sweep.description([places.get(name, 0) for name in sweep.axes])["training"]
        times = _reported(described)
        rows.append(times if sweep.over_time else times[-1:])
    longest = max(map(len, rows))
    padded = np.array([np.pad(row, (0, longest - len(row)), constant_values=np.nan) for row in rows])
    return xr.Variable((*own, "report"), padded.reshape(*own.values(), longest), {"units": "tau", "long_name": "time"})


def _reported(described: dict[str, Any]) -> FloatArray:
    try:
        training: Training = build_section("training", described)
    except ValueError:
        return np.full(1, np.nan)
    return training.times


def _coordinates(sweep: Sweep, times: xr.Variable) -> dict[str, xr.Variable]:
    varied = {path for columns in sweep.axes.values() for path in columns}
    coordinates = {
        label(f"{section}.{field}"): xr.Variable((), _label(value), _units(field))
        for section, values in sweep.base.items()
        for field, value in values.items()
        if f"{section}.{field}" not in varied and field != "times"
    }
    for name, columns in sweep.axes.items():
        for path, values in columns.items():
            coordinates[label(path)] = xr.Variable((name,), _labels(values), _units(path.rpartition(".")[2]))
    coordinates["time"] = times if sweep.over_time else times.isel(report=-1)
    return coordinates


def _units(field: str) -> dict[str, str]:
    return {"units": UNITS[field]} if field in UNITS else {}


def _label(value: Any) -> Any:
    """A value as a label: numbers and texts are themselves, lists and tables their text."""
    return canonical(value) if isinstance(value, list | dict) else value


def _labels(values: list[Any]) -> Any:
    plain = [_label(value) for value in values]
    mixed = len({isinstance(value, str) for value in plain}) > 1
    return [str(value) for value in plain] if mixed else plain


def _provenance(sweep: Sweep) -> dict[str, str]:
    return {
        "title": "sweep over problems of linear networks",
        "definition": json.dumps(sweep.definition, sort_keys=True),
        "versions": json.dumps(versions()),
    }
