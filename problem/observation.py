"""What is seen of input-output maps: modes, block norms and loss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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


STACK_ENTRIES = 2**17
"""Single maps are measured together up to this number of entries."""


def observe(dataset: Data, maps: Iterable[FloatArray]) -> Observation:
    """Measure modes, block norms and loss of single input-output maps.

    Parameters
    ----------
    dataset : Data
    maps : iterable of ndarray, shape (output features, input features)

    Returns
    -------
    Observation

    See Also
    --------
    observe_stack : The same of maps that are held in one array.
    """
    parts = [observe_stack(dataset, several) for several in _stacked(maps)]
    return parts[0] if len(parts) == 1 else _joined(parts)


@np.errstate(over="ignore", invalid="ignore")
def observe_stack(dataset: Data, maps: FloatArray) -> Observation:
    """Measure modes, block norms and loss of input-output maps, all at once.

    Parameters
    ----------
    dataset : Data
    maps : ndarray, shape (..., output features, input features)

    Returns
    -------
    Observation
        With the leading axes of the maps.

    See Also
    --------
    observe : The same of maps that are made one after the other.
    """
    basis, (inputs, targets) = dataset.mode_basis, dataset.rotated_items
    projected = basis.U.T @ _times(maps, basis.V)
    errors = targets - _times(maps, inputs)
    return Observation(
        strengths=np.diagonal(projected, axis1=-2, axis2=-1),
        modes={
            name: _norms(projected[..., block, block]) / np.sqrt(len(basis.U[0, block]))
            for name, block in basis.classes.items()
        },
        norms={
            (source, target): _norms(maps[..., rows, columns])
            for target, rows in dataset.output_blocks.items()
            for source, columns in dataset.input_blocks.items()
        },
        loss=_sums_of_squares(errors) / (2 * dataset.n_items),
    )


def _stacked(maps: Iterable[FloatArray]) -> Iterator[FloatArray]:
    """Copies of maps, of which the next may overwrite the last, in stacks of a limited size."""
    held: list[FloatArray] = []
    for W in maps:
        held.append(W.copy())
        if len(held) * W.size >= STACK_ENTRIES:
            yield np.stack(held)
            held = []
    if held:
        yield np.stack(held)


def _joined(parts: Sequence[Observation]) -> Observation:
    first = parts[0]
    return Observation(
        np.concatenate([part.strengths for part in parts]),
        {name: np.concatenate([part.modes[name] for part in parts]) for name in first.modes},
        {pair: np.concatenate([part.norms[pair] for part in parts]) for pair in first.norms},
        np.concatenate([part.loss for part in parts]),
    )


def _times(maps: FloatArray, columns: FloatArray) -> FloatArray:
    """The product of all maps with the same columns, by a single product of matrices."""
    product = maps.reshape(-1, maps.shape[-1]) @ columns
    return product.reshape(*maps.shape[:-1], columns.shape[-1])


def _sums_of_squares(matrices: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("...ij,...ij->...", matrices, matrices))


def _norms(matrices: FloatArray) -> FloatArray:
    return np.sqrt(_sums_of_squares(matrices))
