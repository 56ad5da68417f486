"""Finished points as one labelled dataset, and its file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from itertools import product
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr

from ..problem import Training
from ..storage import versions
from ..validation import FloatArray, instance
from .definition import Sweep
from .description import UNITS, build_part, canonical, label
from .quantities import LABELS, QUANTITIES
from .store import MANIFEST, RESULTS

ENGINE: Literal["scipy"] = "scipy"


def table(sweep: Sweep, outcomes: Callable[[], Iterable[Mapping[str, Any]]]) -> xr.Dataset:
    """Put the outcomes of all points, in their order, into one dataset.

    Parameters
    ----------
    sweep : Sweep
    outcomes : callable
        Makes an iterable of what :func:`linmod.sweeps.points.run_points` returns; it is read twice, first for the
        labels and then for the values, so that no more than one point is in memory.

    Returns
    -------
    xarray.Dataset
        With NaN, and a text in ``error``, where a point failed.
    """
    times = _times(sweep)
    labels = _found_labels(sweep, outcomes())
    values = {quantity: _empty(sweep, quantity, labels, times.sizes["report"]) for quantity in sweep.record}
    errors = np.full((len(sweep.solutions), *sweep.shape), "", dtype=object)
    for index, outcome in zip(sweep.indices(), outcomes(), strict=True):
        for at, solution in enumerate(sweep.solutions):
            found = outcome[solution]
            errors[(at, *index)] = found["error"]
            for quantity, measured in found.items():
                if quantity != "error":
                    along = [labels[name] for name in QUANTITIES[quantity].dimensions]
                    _place(values[quantity], (at, *index), along, measured)
    variables = {
        quantity: xr.Variable(_dimensions(sweep, quantity), array, _attributes(quantity))
        for quantity, array in values.items()
    }
    variables["error"] = xr.Variable(("solution", *sweep.axes), errors, {"long_name": "why a point failed, or empty"})
    return xr.Dataset(
        variables, {**_coordinates(sweep, times), "solution": list(sweep.solutions), **labels}, _provenance(sweep)
    )


def as_netcdf(dataset: xr.Dataset) -> bytes:
    """Return the bytes of a NetCDF file that holds a dataset."""
    return bytes(dataset.to_netcdf(engine=ENGINE))


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

    See Also
    --------
    linmod.sweep : Make them.
    linmod.sweeps.problem_at : The problem of one point.

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
        raise FileNotFoundError(f"the sweep in {file} is not finished; run it again to continue")
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


def _found_labels(sweep: Sweep, outcomes: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the labels along each dimension that is used: those of the dataset space, unless points have others."""
    used = {name for quantity in sweep.record for name in QUANTITIES[quantity].dimensions}
    found: dict[str, dict[str, None]] = {name: {} for name in LABELS if name in used}
    for outcome in outcomes:
        for measured in outcome.values():
            for quantity in sweep.record:
                for names, _ in measured.get(quantity, ()):
                    for dimension, name in zip(QUANTITIES[quantity].dimensions, names, strict=True):
                        found[dimension][name] = None
    labels = {}
    for dimension, names_found in found.items():
        others = [name for name in names_found if name not in LABELS[dimension]]
        space = [name for name in LABELS[dimension] if name in names_found or not others]
        labels[dimension] = space + others
    return labels


def _empty(sweep: Sweep, quantity: str, labels: Mapping[str, Sized], reports: int) -> FloatArray:
    sizes = [len(labels[name]) for name in QUANTITIES[quantity].dimensions]
    in_time = [reports] if sweep.over_time and QUANTITIES[quantity].in_time else []
    return np.full((len(sweep.solutions), *sweep.shape, *sizes, *in_time), np.nan)


def _place(target: FloatArray, at: tuple[int, ...], along: Sequence[list[str]], measured: Iterable[Any]) -> None:
    for names, values in measured:
        places = [labels.index(name) for labels, name in zip(along, names, strict=True)]
        spot: Any = (*at, *places, ...)
        np.atleast_1d(target[spot])[: len(values)] = values


def _attributes(quantity: str) -> dict[str, str]:
    return {"units": QUANTITIES[quantity].units, "long_name": QUANTITIES[quantity].long_name}


def _times(sweep: Sweep) -> xr.Variable:
    """Return the times reported, along the dimensions on which they depend; those that a point lacks are NaN."""
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
        training: Training = build_part("training", described)
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
            coordinates[label(path)] = xr.Variable((name,), as_labels(values), _units(path.rpartition(".")[2]))
    coordinates["time"] = times if sweep.over_time else times.isel(report=-1)
    return coordinates


def _units(field: str) -> dict[str, str]:
    return {"units": UNITS[field]} if field in UNITS else {}


def _label(value: Any) -> Any:
    """Return a value as a label: numbers and texts are themselves, lists and tables their text."""
    return canonical(value) if isinstance(value, list | dict) else value


def as_labels(values: list[Any]) -> list[Any]:
    """Return the values of a field as labels of one type: texts if some of them are texts."""
    plain = [_label(value) for value in values]
    mixed = len({isinstance(value, str) for value in plain}) > 1
    return [str(value) for value in plain] if mixed else plain


def _provenance(sweep: Sweep) -> dict[str, str]:
    return {
        "title": "sweep over problems of linear networks",
        "definition": json.dumps(sweep.definition, sort_keys=True),
        "versions": json.dumps(versions()),
    }
