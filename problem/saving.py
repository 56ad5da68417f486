"""Trajectories in files: the quantities, the problem that was solved, the versions, and perhaps the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..storage import Arrays, Header, read_archive, write_archive
from .dense import Weights
from .problem import Problem
from .trajectory import Known, Statistics, Trajectory

KIND = "saved trajectory"
PLAIN_ENTRIES = 16
"""Lists of numbers up to this length stay in the header; longer ones become arrays."""


def save_trajectory(trajectory: Trajectory, path: str | Path, *, weights: bool = False) -> Path:
    """Write a trajectory to an ``.npz`` file; see :meth:`Trajectory.save`."""
    arrays: Arrays = {
        "times": trajectory.times,
        "modes": np.array([*trajectory.modes.values()]),
        "norms": np.array([*trajectory.norms.values()]),
        "loss": trajectory.loss,
        "strengths": trajectory.strengths,
    }
    problem = _plain_problem(trajectory.solved_problem, arrays)
    if weights:
        arrays |= {f"weights/{layer}": values for layer, values in enumerate(trajectory.weights)}
    header: Header = {
        "description": trajectory.description,
        "origin": trajectory.origin,
        "neglected": repr(trajectory.neglected),
        "modes": list(trajectory.modes),
        "norms": [list(pair) for pair in trajectory.norms],
        "statistics": None if trajectory.statistics is None else asdict(trajectory.statistics),
        "problem": problem,
        "layers": len(trajectory.weights) if weights else None,
        "provenance": trajectory.provenance,
    }
    target = Path(path)
    if target.suffix != ".npz":
        target = target.with_name(f"{target.name}.npz")
    return write_archive(target, KIND, header, arrays)


def load_trajectory(path: str | Path) -> Trajectory:
    """Read a trajectory that :meth:`Trajectory.save` has written.

    Parameters
    ----------
    path : str or path
        An ``.npz`` file.

    Returns
    -------
    Trajectory
        With the problem that it solves, and with the weights if they were saved.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not a saved trajectory; on access to weights that were not saved.

    See Also
    --------
    Trajectory.save : Write the file.

    Examples
    --------
    >>> import tempfile, linmod
    >>> problem = linmod.Problem(linmod.SystematicityDataset(3, 1, 3, 1), linmod.Deep(),
    ...                          linmod.Aligned(1e-3), linmod.Descent(0.16, 300))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = linmod.theory.solve(problem).save(folder + "/prediction.npz")
    ...     loaded = linmod.load_trajectory(path)
    >>> loaded.solved_problem == problem, loaded.provenance["origin"]
    (True, 'two layers, discrete map, aligned start')
    """
    header, arrays = read_archive(path, KIND)
    try:
        return _trajectory(header, arrays)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged or not a {KIND}: {error}") from error


def _trajectory(header: Header, arrays: Arrays) -> Trajectory:
    layers = header["layers"]
    weights = None if layers is None else tuple(arrays[f"weights/{layer}"] for layer in range(layers))
    made_with = {name: text for name, text in header["provenance"].items() if name not in ("problem", "origin")}
    return Trajectory(
        description=header["description"],
        origin=header["origin"],
        times=arrays["times"],
        modes=dict(zip(header["modes"], arrays["modes"], strict=True)),
        norms=dict(zip(map(tuple, header["norms"]), arrays["norms"], strict=True)),
        loss=arrays["loss"],
        statistics=None if header["statistics"] is None else Statistics(**header["statistics"]),
        solved_problem=None if header["problem"] is None else Problem.from_plain(_whole(header["problem"], arrays)),
        made_with=made_with,
        make_neglected=partial(float, header["neglected"]),
        make_strengths=Known(arrays["strengths"]),
        make_weights=_not_saved if weights is None else KnownWeights(weights),
    )


@dataclass(frozen=True, eq=False)
class KnownWeights:
    """Gives weights that are known already."""

    weights: Weights

    def __call__(self) -> Weights:
        """The weights."""
        return self.weights


def _not_saved() -> Weights:
    raise ValueError(
        "the weights were not saved with this trajectory; save(path, weights=True) saves them, and solving"
        " trajectory.solved_problem again makes them"
    )


def _plain_problem(problem: Problem | None, arrays: Arrays) -> Header | None:
    """Return the problem as plain values, its arrays apart; None if it has a part that has no plain values."""
    if problem is None:
        return None
    try:
        tables = problem.to_plain()
    except TypeError:
        return None
    return {part: _apart(f"problem/{part}", values, arrays) for part, values in tables.items()}


def _apart(name: str, value: Any, arrays: Arrays) -> Any:
    """Plain values with long lists of numbers replaced by the name of the array that holds them."""
    if isinstance(value, Mapping):
        return {key: _apart(f"{name}/{key}", entry, arrays) for key, entry in value.items()}
    if not isinstance(value, list):
        return value
    found = np.array(value, dtype=np.float64) if _is_array(value) else None
    if found is not None and found.size > PLAIN_ENTRIES:
        arrays[name] = found
        return {"stored": name}
    return [_apart(f"{name}/{at}", entry, arrays) for at, entry in enumerate(value)]


def _is_array(value: Any) -> bool:
    """Whether plain values are real numbers, or rows of one length of these."""
    if not isinstance(value, list):
        return False
    rows = value if value and isinstance(value[0], list) else [value]
    same = len({len(row) for row in rows if isinstance(row, list)}) == 1
    return same and all(isinstance(row, list) and all(isinstance(entry, float) for entry in row) for row in rows)


def _whole(value: Any, arrays: Arrays) -> Any:
    """Plain values with the arrays back in their places."""
    if isinstance(value, Mapping):
        if set(value) == {"stored"}:
            return arrays[value["stored"]]
        return {key: _whole(entry, arrays) for key, entry in value.items()}
    if isinstance(value, list):
        return [_whole(entry, arrays) for entry in value]
    return value
