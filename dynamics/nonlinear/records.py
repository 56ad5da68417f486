"""Results of training networks on images."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...storage import Arrays, read_archive, write_archive
from ...validation import FloatArray

KIND = "record of learning"


@dataclass(frozen=True, eq=False)
class LearningRecord:
    """Several networks of one architecture, and what they had learned at each recorded step.

    Attributes
    ----------
    description : str
        Network and training.
    seeds : tuple of int
        One of each network; the second axis of everything recorded.
    steps : ndarray of int, shape (T,)
    times : ndarray, shape (T,)
        In units of tau.
    losses : mapping of (str, str) to ndarray, shape (T, networks)
        By split ("train", "validation", "test_seen", "test_unseen") and block of outputs ("compositional",
        "non_compositional"): half the squared error, summed over the outputs of the block, averaged over items.
    accuracy : mapping of str to ndarray, shape (T, networks, places)
        By split: fraction of items whose largest output of a place is that of the right class.
    combination : mapping of str to ndarray, shape (T, networks)
        By split: fraction of items that are right at all places.
    measured : mapping of str to ndarray, shape (T, networks, ...)
        What else was measured.
    kept : ndarray of int, shape (networks,)
        The step whose weights each network kept. From there on its records stay as they are.
    weights : mapping of str to ndarray, shape (networks, ...)
        The weights kept, by the name of the parameter.

    See Also
    --------
    train_networks : The training that returns it.
    load_record : Reads a saved one.
    """

    description: str
    seeds: tuple[int, ...]
    steps: NDArray[np.int64]
    times: FloatArray
    losses: Mapping[tuple[str, str], FloatArray]
    accuracy: Mapping[str, FloatArray]
    combination: Mapping[str, FloatArray]
    measured: Mapping[str, NDArray[Any]]
    kept: NDArray[np.int64]
    weights: Mapping[str, NDArray[np.float32]]

    def __repr__(self) -> str:
        return f"LearningRecord({self.description}, {len(self.seeds)} networks, {len(self.steps)} records)"

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write everything to a file; :func:`load_record` reads it."""
        arrays: Arrays = {"steps": self.steps, "times": self.times, "kept": self.kept}
        arrays |= {f"losses/{split}/{block}": values for (split, block), values in self.losses.items()}
        for group in ("accuracy", "combination", "measured", "weights"):
            arrays |= {f"{group}/{name}": values for name, values in getattr(self, group).items()}
        header = {"description": self.description, "seeds": self.seeds}
        return write_archive(path, KIND, header, arrays)


def load_record(path: str | os.PathLike[str]) -> LearningRecord:
    """Read a file that :meth:`LearningRecord.save` wrote.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    LearningRecord

    Raises
    ------
    ValueError
        If the file is damaged or not such a record.

    See Also
    --------
    LearningRecord : What is read.

    Examples
    --------
    >>> import tempfile
    >>> arrays = {"steps": np.array([0, 5]), "times": np.array([0.0, 0.1]), "kept": np.array([5])}
    >>> record = record_of("a network", (0,), arrays)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     load_record(record.save(Path(folder) / "record.npz"))
    LearningRecord(a network, 1 networks, 2 records)
    """
    header, arrays = read_archive(path, KIND)
    return record_of(header["description"], tuple(header["seeds"]), arrays)


def record_of(description: str, seeds: tuple[int, ...], arrays: Arrays) -> LearningRecord:
    """Arrange named arrays as a record."""
    losses = {(split, block): values for (split, block), values in _pairs(arrays)}
    groups = {group: _group(arrays, group) for group in ("accuracy", "combination", "measured", "weights")}
    steps, times, kept = arrays["steps"], arrays["times"], arrays["kept"]
    return LearningRecord(description, seeds, steps, times, losses, kept=kept, **groups)


def _pairs(arrays: Arrays) -> list[tuple[tuple[str, str], NDArray[Any]]]:
    split_names = ((name.split("/", 1), values) for name, values in _group(arrays, "losses").items())
    return [((split, block), values) for (split, block), values in split_names]


def _group(arrays: Arrays, group: str) -> Arrays:
    start = f"{group}/"
    return {name.removeprefix(start): values for name, values in arrays.items() if name.startswith(start)}
