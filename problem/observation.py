"""What is seen of input-output maps: modes, block norms and loss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ..datasets import Data
from ..validation import FloatArray

BlockPair = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Observation:
    """The observed quantities of a sequence of input-output maps, in the layout of :class:`Trajectory`."""

    strengths: FloatArray
    modes: dict[str, FloatArray]
    norms: dict[BlockPair, FloatArray]
    loss: FloatArray

    @property
    def quantities(self) -> dict[str, FloatArray]:
        """What a comparison looks at, by name."""
        return named(self.modes, self.norms, self.loss)


STRENGTHS = "strengths with signs"
"""Name of the signed strengths of single modes in a comparison, which has them besides the quantities."""


def named(
    modes: Mapping[str, FloatArray], norms: Mapping[BlockPair, FloatArray], loss: FloatArray
) -> dict[str, FloatArray]:
    """Modes, block norms and loss in one mapping, by the names that a comparison gives them."""
    return {
        **{f"mode {name}": values for name, values in modes.items()},
        **{f"norm {source} -> {target}": values for (source, target), values in norms.items()},
        "loss": loss,
    }


BATCH_ENTRIES = 2**17
"""Maps are measured together up to this number of entries."""


@np.errstate(over="ignore", invalid="ignore")
def observe(dataset: Data, maps: Iterable[FloatArray]) -> Observation:
    """Measure modes, block norms and loss of input-output maps.

    Parameters
    ----------
    dataset : Data
    maps : iterable of ndarray, shape (output features, input features)

    Returns
    -------
    Observation
    """
    classes = dataset.mode_basis.classes
    blocks = {
        (source, target): (slice(None), rows, columns)
        for target, rows in dataset.output_blocks.items()
        for source, columns in dataset.input_blocks.items()
    }
    parts = [_measured(dataset, blocks, several) for several in _stacked(maps)]
    strengths, modes, norms, loss = (np.concatenate(part, axis=-1) for part in zip(*parts, strict=True))
    return Observation(
        strengths=strengths.T,
        modes=dict(zip(classes, modes, strict=False)),
        norms=dict(zip(blocks, norms, strict=True)),
        loss=loss,
    )


def _stacked(maps: Iterable[FloatArray]) -> Iterator[FloatArray]:
    """Copies of maps, of which the next may overwrite the last, in stacks of a limited size."""
    held: list[FloatArray] = []
    for W in maps:
        held.append(W.copy())
        if len(held) * W.size >= BATCH_ENTRIES:
            yield np.stack(held)
            held = []
    if held:
        yield np.stack(held)


def _measured(
    dataset: Data, blocks: Mapping[BlockPair, tuple[slice, slice, slice]], maps: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Strengths, modes, norms and loss of several maps, with time as the last axis."""
    basis, count = dataset.mode_basis, len(maps)
    rows = maps.reshape(-1, maps.shape[-1])
    projected = basis.U.T @ (rows @ basis.V).reshape(*maps.shape[:2], -1)
    errors = dataset.Y - (rows @ dataset.X).reshape(*maps.shape[:2], -1)
    modes = [
        _norms(projected[:, block, block]) / np.sqrt(projected[0, block].shape[0]) for block in basis.classes.values()
    ]
    return (
        np.diagonal(projected, axis1=1, axis2=2).T,
        np.reshape(modes, (-1, count)),
        np.reshape([_norms(maps[block]) for block in blocks.values()], (-1, count)),
        np.sum(np.square(errors), axis=(1, 2)) / (2 * dataset.n_items),
    )


def _norms(matrices: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.norm(matrices, axis=(1, 2)))
