"""What is seen of input-output maps: modes, block norms and loss, listed once for all that is done with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from ..datasets import Data
from ..validation import FloatArray

__all__ = [
    "OBSERVED",
    "STACK_ENTRIES",
    "STRENGTHS",
    "BlockPair",
    "Labels",
    "Observation",
    "Quantities",
    "joined",
    "observe",
    "observe_stack",
]

BlockPair = tuple[str, str]
Labels = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Quantities:
    """The observed quantities of a sequence of input-output maps, in the layout of :class:`Trajectory`.

    Each field is a quantity. Comparisons, sweeps and saved files read the list of fields: the word that begins the
    names of its values, their labels, and the meaning.
    """

    modes: Mapping[str, FloatArray] = field(
        metadata={
            "word": "mode",
            "labels": ("mode_class",),
            "meaning": "effective singular value of each class of modes",
        }
    )
    norms: Mapping[BlockPair, FloatArray] = field(
        metadata={
            "word": "norm",
            "labels": ("input_block", "output_block"),
            "meaning": "Frobenius norm of each block of the map",
        }
    )
    loss: FloatArray = field(
        metadata={"word": "loss", "labels": (), "meaning": "half the mean squared error over items"}
    )

    @property
    def quantities(self) -> dict[str, FloatArray]:
        """Everything that a comparison looks at, by name: ``mode ...``, ``norm ... -> ...`` and ``loss``."""
        named = {}
        for one in OBSERVED:
            for labels, values in self.labelled(one.name).items():
                word = one.metadata["word"]
                named[f"{word} {' -> '.join(labels)}" if labels else word] = values
        return named

    def labelled(self, name: str) -> dict[Labels, FloatArray]:
        """Return the values of a quantity by their labels; a single array has none."""
        values = getattr(self, name)
        if not isinstance(values, Mapping):
            return {(): values}
        return {(label,) if isinstance(label, str) else label: each for label, each in values.items()}

    def by_field(self) -> dict[str, Any]:
        """Return the quantities by field."""
        return {one.name: getattr(self, one.name) for one in OBSERVED}

    def changed(self, change: Callable[[FloatArray], FloatArray]) -> Quantities:
        """Return the quantities with all arrays changed in the same way."""
        return joined([self], lambda arrays: change(arrays[0]))


OBSERVED = fields(Quantities)


def joined(parts: Sequence[Quantities], join: Callable[[Sequence[FloatArray]], FloatArray]) -> Quantities:
    """Return quantities each of which is made of the arrays of several parts."""

    def one(name: str, first: Any) -> Any:
        each = [getattr(part, name) for part in parts]
        return (
            {label: join([values[label] for values in each]) for label in first}
            if isinstance(first, Mapping)
            else join(each)
        )

    return Quantities(**{name: one(name, first) for name, first in parts[0].by_field().items()})


@dataclass(frozen=True, eq=False)
class Observation(Quantities):
    """The observed quantities with the strength of every mode."""

    strengths: FloatArray


STRENGTHS = "strengths with signs"
"""Name of the signed strengths of single modes in a comparison, which has them besides the quantities."""


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
    strengths = np.concatenate([part.strengths for part in parts])
    return Observation(**joined(parts, np.concatenate).by_field(), strengths=strengths)


def _times(maps: FloatArray, columns: FloatArray) -> FloatArray:
    """The product of all maps with the same columns, by a single product of matrices."""
    product = maps.reshape(-1, maps.shape[-1]) @ columns
    return product.reshape(*maps.shape[:-1], columns.shape[-1])


def _sums_of_squares(matrices: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("...ij,...ij->...", matrices, matrices))


def _norms(matrices: FloatArray) -> FloatArray:
    return np.sqrt(_sums_of_squares(matrices))
