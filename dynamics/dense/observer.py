r"""What is seen of the map of a network in rotated coordinates: modes, block norms, loss.

The map :math:`J = \tilde W_2 \tilde W_1` in rotated coordinates has a row for each output direction and a column for
each input direction. Sums of its squares over classes make everything that is reported: nothing is subtracted from
a large sum, so what becomes small is seen to be small.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ...datasets import SystematicityDataset
from ...problem import BlockPair
from ...validation import FloatArray
from ..systems import Seen
from .layout import LAYOUTS, Layout, ModeClass, partner, width
from .rotation import Side, sides

BlockNames = tuple[tuple[str, ...], tuple[str, ...]]


@lru_cache(maxsize=LAYOUTS)
def observer(input_side: Side, output_side: Side, blocks: BlockNames, layout: Layout) -> Observer:
    """Return the observer of a layout, which is made once for all problems on the same data."""
    return Observer(input_side, output_side, blocks, layout)


def observer_of(dataset: SystematicityDataset, layout: Layout) -> Observer:
    """Return the observer of a layout of a dataset."""
    return observer(*sides(dataset), (tuple(dataset.input_blocks), tuple(dataset.output_blocks)), layout)


class Observer:
    """Observes maps that are laid out in a given way.

    Parameters
    ----------
    input_side, output_side : Side
    blocks : tuple of tuple of str
        Names of the input blocks and of the output blocks.
    layout : Layout
    """

    def __init__(self, input_side: Side, output_side: Side, blocks: BlockNames, layout: Layout) -> None:
        self.layout, self.input, self.output = layout, input_side, output_side
        self._input_blocks = _blocks(blocks[0], self.input, list(layout.columns), layout.classes)
        self._output_blocks = _blocks(blocks[1], self.output, list(layout.rows), layout.classes)
        self._columns_of = _members(layout.columns, self._input_blocks)
        self._rows_of = _pairs(_members(layout.rows, self._output_blocks), len(self._input_blocks))
        self._places = {one.name: (layout.rows[one.name], layout.columns[one.name]) for one in layout.paired}
        self._root_delta, self._root_sigma = np.sqrt(layout.delta), np.sqrt(layout.sigma)
        unseen = (one.count - (width(layout.columns, one.name) if one.paired else 0) for one in layout.classes)
        self.out_of_sight = math.fsum(one.sigma * count for one, count in zip(layout.classes, unseen, strict=True))

    def __call__(self, J: FloatArray) -> Seen:
        """Observe maps of shape (..., rows, columns), which are overwritten; what is seen carries the leading axes."""
        modes = {
            one.name: np.sqrt(sums_of_squares(J[(..., *self._places[one.name])]) / one.count)
            for one in self.layout.paired
        }
        loss = self._loss(J)
        return Seen(modes, self._norms(J), loss)

    def regions(self, directions: FloatArray) -> dict[str | BlockPair, FloatArray]:
        """Return the entries of maps (..., rows, columns) that make up each mode and each block norm, concatenated."""
        turned = self._features(np.array(directions))
        modes: dict[str | BlockPair, FloatArray] = {
            one.name: self._entries(directions, [self.layout.rows[one.name]], [self.layout.columns[one.name]])
            for one in self.layout.paired
        }
        rows, columns = list(self.layout.rows.values()), list(self.layout.columns.values())
        return modes | {
            (source, target): self._entries(turned, [rows[i] for i in outs], [columns[i] for i in ins])
            for target, outs in self._output_blocks.items()
            for source, ins in self._input_blocks.items()
        }

    @staticmethod
    def _entries(maps: FloatArray, rows: list[slice], columns: list[slice]) -> FloatArray:
        lead = maps.shape[:-2]
        parts = [maps[..., row, column].reshape(*lead, -1) for row in rows for column in columns]
        return np.concatenate([np.empty((*lead, 0)), *parts], axis=-1)

    def _features(self, J: FloatArray) -> FloatArray:
        """Turn sign features and identity blocks back out of their common directions, in place."""
        columns, rows = self.layout.columns, self.layout.rows
        for one in self.layout.classes:
            if (paired := partner(one.name)) in columns:
                _turn(J[..., columns[one.name]], J[..., columns[paired]], self.input)
            if paired in rows:
                _turn(J[..., rows[one.name], :], J[..., rows[paired], :], self.output)
        return J

    def _norms(self, J: FloatArray) -> dict[BlockPair, FloatArray]:
        lead, turned = J.shape[:-2], self._features(J)
        over_columns = np.square(turned).reshape(-1, turned.shape[-1]) @ self._columns_of
        norms = np.sqrt(over_columns.reshape(math.prod(lead), -1) @ self._rows_of)
        pairs = [(source, target) for target in self._output_blocks for source in self._input_blocks]
        return {pair: norms[:, index].reshape(lead) for index, pair in enumerate(pairs)}

    def _loss(self, J: FloatArray) -> FloatArray:
        errors = J[..., : self.layout.n_moving] * self._root_delta
        own = np.einsum("...ii->...i", errors[..., : self.layout.n_paired, : self.layout.n_paired])
        own -= self._root_sigma
        return np.asarray((sums_of_squares(errors) + self.out_of_sight) / 2)


def sums_of_squares(matrices: FloatArray) -> FloatArray:
    """Return the sum of squares of each matrix."""
    return np.asarray(np.einsum("...ij,...ij->...", matrices, matrices))


def _members(parts: Mapping[str, slice], blocks: Mapping[str, NDArray[np.int64]]) -> FloatArray:
    """Return a matrix with one where a column belongs to a block and zero elsewhere, shape (columns, blocks)."""
    sizes = [part.stop - part.start for part in parts.values()]
    of_segments = np.zeros((len(sizes), len(blocks)))
    for index, segments in enumerate(blocks.values()):
        of_segments[segments, index] = 1.0
    return np.repeat(of_segments, sizes, axis=0)


def _pairs(rows_of: FloatArray, others: int) -> FloatArray:
    """Return the membership of (row, other block) in (block, other block), shape (rows * others, blocks * others)."""
    return np.asarray(np.kron(rows_of, np.eye(others)), dtype=np.float64)


def _turn(along: FloatArray, paired: FloatArray, side: Side) -> None:
    signs = side.cosine * along - side.sine * paired
    paired[...] = side.sine * along + side.cosine * paired
    along[...] = signs


def _blocks(
    blocks: tuple[str, ...], side: Side, names: list[str], classes: tuple[ModeClass, ...]
) -> dict[str, NDArray[np.int64]]:
    """Return which segments make each block of features: the sign features, and all the rest."""
    signs = {one.name for one in classes if one.is_sign_of(side)}
    members = ([i for i, name in enumerate(names) if (name in signs) == first] for first in (True, False))
    return {block: np.array(segments, dtype=np.int64) for block, segments in zip(blocks, members, strict=True)}
