"""Trajectories as labelled arrays, as tables and as HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..markup import card, facts, table
from ..validation import FloatArray, instance
from .observation import OBSERVED, Labels
from .trajectory import Trajectory

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

TIME = {"units": "tau", "long_name": "time"}


def to_xarray(trajectory: Trajectory) -> xr.Dataset:
    """Return the quantities of a trajectory as an xarray dataset.

    Parameters
    ----------
    trajectory : Trajectory

    Returns
    -------
    xarray.Dataset
        ``modes`` over ``time`` and ``mode_class``, ``norms`` over ``time``, ``input_block`` and ``output_block``, and
        ``loss`` over ``time``, each with its unit. Attributes say what was solved, how, and with which versions. Pairs
        of blocks without a norm are NaN.

    See Also
    --------
    to_dataframe : The same numbers as a table.

    Examples
    --------
    >>> import linmod
    >>> problem = linmod.Problem(linmod.SystematicityDataset(3, 1, 3, 1), linmod.Shallow(), linmod.Aligned(0.0),
    ...                          linmod.Flow([0.0, 1.0, 2.0]))
    >>> array = linmod.theory.solve(problem).to_xarray()
    >>> dict(array.sizes)
    {'time': 3, 'mode_class': 3, 'input_block': 2, 'output_block': 2}
    >>> array.time.units, float(array.modes.sel(mode_class="sign_to_sign", time=2.0).round(4))
    ('tau', 0.8467)
    """
    import xarray as xr

    instance("trajectory", trajectory, (Trajectory,))
    labels: dict[str, list[str]] = {}
    variables = {}
    for one in OBSERVED:
        dimensions, labelled = one.metadata["labels"], trajectory.labelled(one.name)
        for at, name in enumerate(dimensions):
            labels[name] = list(dict.fromkeys(label[at] for label in labelled))
        values = _spread(labelled, [labels[name] for name in dimensions], len(trajectory.times))
        variables[one.name] = (("time", *dimensions), values, {"units": "1", "long_name": one.metadata["meaning"]})
    return xr.Dataset(
        variables,
        coords={"time": ("time", trajectory.times, TIME), **{name: np.array(v, str) for name, v in labels.items()}},
        attrs=trajectory.provenance,
    )


def _spread(labelled: Mapping[Labels, FloatArray], along: Sequence[list[str]], times: int) -> FloatArray:
    """Return values with an axis after time for each part of their labels, NaN where there are none."""
    spread = np.full((*map(len, along), times), np.nan)
    for label, values in labelled.items():
        spread[tuple(names.index(part) for names, part in zip(along, label, strict=True))] = values
    return np.moveaxis(spread, -1, 0)


def to_dataframe(trajectory: Trajectory) -> pd.DataFrame:
    """Return the quantities of a trajectory as a pandas table.

    Parameters
    ----------
    trajectory : Trajectory

    Returns
    -------
    pandas.DataFrame
        One row for each time, and one column for each of ``trajectory.quantities``. ``attrs`` holds the ``units`` and
        the provenance.

    See Also
    --------
    to_xarray : The same numbers with blocks and classes as dimensions.

    Examples
    --------
    >>> import linmod
    >>> problem = linmod.Problem(linmod.SystematicityDataset(3, 1, 3, 1), linmod.Shallow(), linmod.Aligned(0.0),
    ...                          linmod.Flow([0.0, 1.0, 2.0]))
    >>> frame = linmod.theory.solve(problem).to_dataframe()
    >>> frame.index.name, frame.attrs["units"]["time"], frame["mode sign_to_sign"].round(4).tolist()
    ('time', 'tau', [0.0, 0.6758, 0.8467])
    """
    import pandas as pd

    instance("trajectory", trajectory, (Trajectory,))
    frame = pd.DataFrame(trajectory.quantities, index=pd.Index(trajectory.times, name=TIME["long_name"]))
    frame.attrs = {"units": {"time": "tau", **dict.fromkeys(trajectory.quantities, "1")}, **trajectory.provenance}
    return frame


def trajectory_html(trajectory: Trajectory, more: Mapping[str, str] | None = None) -> str:
    """Return a trajectory for a notebook: its origin, and the course of each quantity."""
    times = trajectory.times
    about = {
        "problem": trajectory.description,
        "origin": trajectory.origin,
        "times": f"{len(times)}, from {times[0]:g} to {times[-1]:g} tau",
        **(more or {}),
    }
    if trajectory.statistics is not None:
        about["steps"] = str(trajectory.statistics.steps)
    rows = [(name, _number(values[0]), _number(values[-1])) for name, values in trajectory.quantities.items()]
    courses: list[FloatArray] = [*trajectory.quantities.values()]
    return card(type(trajectory).__name__, facts(about), table(("quantity", "first", "last", "course"), rows, courses))


def _number(value: np.float64) -> str:
    return f"{value:.4g}"
