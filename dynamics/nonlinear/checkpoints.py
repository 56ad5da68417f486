"""Checkpoints of training, from which training continues with the same numbers as without interruption."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ...storage import Arrays, read_archive, write_archive
from ...validation import FloatArray, instance, real
from .architectures import ImageNetwork
from .layers import Weights
from .settings import BatchDescent, ImageSplits

KIND = "checkpoint of training"
GROUPS, COUNTS = ("weights", "velocity", "kept_weights"), ("lowest", "kept", "waited")


@dataclass(frozen=True)
class Checkpoints:
    """Where training is saved, and how often.

    Parameters
    ----------
    path : str or Path
        A file; if it exists, training continues from it with the same numbers as without interruption.
    seconds : float, default 10
        Least time between two saves, which follow a record; the last record is always saved.

    See Also
    --------
    train_networks : The training that writes them.

    Examples
    --------
    >>> Checkpoints("run.npz", seconds=60).path
    'run.npz'
    """

    path: str | os.PathLike[str]
    seconds: float = 10.0

    def __post_init__(self) -> None:
        instance("path", self.path, (str, os.PathLike))
        real("seconds", self.seconds, 0.0)


@dataclass
class State:
    """All that changes while networks are trained."""

    weights: Weights
    velocity: Weights
    kept_weights: Weights
    lowest: FloatArray
    kept: NDArray[np.int64]
    waited: NDArray[np.int64]
    step: int = 0
    rows: list[dict[str, FloatArray]] = field(default_factory=list)

    @classmethod
    def initial(cls, weights: Weights, networks: int) -> State:
        """Return the state before the first step."""
        still = {name: torch.zeros_like(value) for name, value in weights.items()}
        kept = {name: value.detach().clone() for name, value in weights.items()}
        found, waited = np.zeros((2, networks), dtype=np.int64)
        return cls(weights, still, kept, np.full(networks, np.inf), found, waited)


class CheckpointFile:
    """The state of one training in a file, or nowhere."""

    def __init__(self, checkpoints: Checkpoints | None, fingerprint: str, device: torch.device) -> None:
        self._checkpoints, self._fingerprint, self._device = checkpoints, fingerprint, device
        self._saved = time.monotonic()

    def load(self) -> State | None:
        """Return the saved state, if there is one."""
        if self._checkpoints is None or not Path(self._checkpoints.path).exists():
            return None
        path = self._checkpoints.path
        header, arrays = read_archive(path, KIND)
        if header["fingerprint"] != self._fingerprint:
            raise ValueError(f"{path} is a checkpoint of another training: network, training, seeds or data differ")
        weights, velocity, kept = (self._tensors(arrays, group) for group in GROUPS)
        names = [name.removeprefix("rows/") for name in arrays if name.startswith("rows/")]
        rows = [{name: arrays[f"rows/{name}"][index] for name in names} for index in range(header["rows"])]
        lowest, found, waited = (arrays[name] for name in COUNTS)
        return State(weights, velocity, kept, lowest, found, waited, header["step"], rows)

    def save(self, state: State, *, now: bool) -> None:
        """Save the state, now or if it is time to."""
        if self._checkpoints is None:
            return
        if not now and time.monotonic() - self._saved < self._checkpoints.seconds:
            return
        arrays: Arrays = {name: getattr(state, name) for name in COUNTS}
        for group in GROUPS:
            arrays |= {f"{group}/{name}": value.cpu().numpy() for name, value in getattr(state, group).items()}
        arrays |= {f"rows/{name}": np.stack([row[name] for row in state.rows]) for name in state.rows[0]}
        header = {"fingerprint": self._fingerprint, "step": state.step, "rows": len(state.rows)}
        write_archive(self._checkpoints.path, KIND, header, arrays)
        self._saved = time.monotonic()

    def _tensors(self, arrays: Arrays, group: str) -> Weights:
        start = f"{group}/"
        return {
            name.removeprefix(start): torch.tensor(values, device=self._device)
            for name, values in arrays.items()
            if name.startswith(start)
        }


def fingerprint(
    network: ImageNetwork, training: BatchDescent, seeds: tuple[int, ...], splits: Sequence[ImageSplits]
) -> str:
    """Return a digest of all that determines the numbers."""
    digest = hashlib.sha256(repr((network, training, seeds, splits[0].layout)).encode())
    for one in {id(one): one for one in splits}.values():
        for sample in one.samples.values():
            digest.update(np.ascontiguousarray(sample.images).tobytes())
            digest.update(np.ascontiguousarray(sample.targets).tobytes())
    return digest.hexdigest()
