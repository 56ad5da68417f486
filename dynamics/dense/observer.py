r"""What is seen of the map of a network in rotated coordinates: modes, block norms, loss.

The map :math:`J = \tilde W_2 \tilde W_1` in rotated coordinates has a row for each output direction and a column for
each input direction. Sums of its squares over classes make everything that is reported: nothing is subtracted from
a large sum, so what becomes small is seen to be small.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ...datasets import SystematicityDataset
from ...problem import BlockPair
from ...validation import FloatArray
from ..systems import Seen
from .layout import Layout, ModeClass, partner, width
from .rotation import Side, sides


class Observer:
    """Observes maps that are laid out in a given way."""

    def __init__(self, dataset: SystematicityDataset, layout: Layout) -> None:
        self.layout = layout
        self.input, self.output = sides(dataset)
        self._in_names, self._out_names = list(layout.columns), list(layout.rows)
        self._columns_of, self._rows_of = _members(layout.columns), _members(layout.rows).T
        self._input_blocks = _blocks(dataset.input_blocks, self.input, self._in_names, layout.classes)
        self._output_blocks = _blocks(dataset.output_blocks, self.output, self._out_names, layout.classes)
        unseen = (one.count - (width(layout.columns, one.name) if one.paired else 0) for one in layout.classes)
        self.out_of_sight = math.fsum(one.sigma * count for one, count in zip(layout.classes, unseen, strict=True))

    def __call__(self, J: FloatArray) -> Seen:
        """Observe maps of shape (..., rows, columns); what is seen carries the leading axes."""
        squares, of_features = (self._sums_of_squares(maps) for maps in (J, self._features(J)))
        return Seen(self._modes(squares), self._norms(of_features), self._loss(J, squares))

    def regions(self, directions: FloatArray) -> dict[str | BlockPair, FloatArray]:
        """Return the entries of maps (..., rows, columns) that make up each mode and each block norm, concatenated."""
        turned = self._features(directions)
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

    def _sums_of_squares(self, J: FloatArray) -> FloatArray:
        """Return the sums of squares over each pair of segments, shape (..., row segments, column segments)."""
        return np.asarray(self._rows_of @ (J * J) @ self._columns_of)

    def _modes(self, squares: FloatArray) -> dict[str, FloatArray]:
        return {one.name: np.sqrt(self._at(squares, one.name, one.name) / one.count) for one in self.layout.paired}

    def _at(self, squares: FloatArray, row: str, column: str) -> FloatArray:
        return np.asarray(squares[..., self._out_names.index(row), self._in_names.index(column)])

    def _features(self, J: FloatArray) -> FloatArray:
        """Turn sign features and identity blocks back out of their common directions."""
        turned = np.array(J)
        columns, rows = self.layout.columns, self.layout.rows
        for one in self.layout.classes:
            if (paired := partner(one.name)) in columns:
                _turn(turned[..., columns[one.name]], turned[..., columns[paired]], self.input)
            if paired in rows:
                _turn(turned[..., rows[one.name], :], turned[..., rows[paired], :], self.output)
        return turned

    def _norms(self, squares: FloatArray) -> dict[BlockPair, FloatArray]:
        return {
            (source, target): np.sqrt(np.sum(squares[..., rows[:, None], columns], axis=(-2, -1)))
            for target, rows in self._output_blocks.items()
            for source, columns in self._input_blocks.items()
        }

    def _loss(self, J: FloatArray, squares: FloatArray) -> FloatArray:
        total = np.full(J.shape[:-2], self.out_of_sight)
        for one in self.layout.classes:
            if one.in_inputs:
                seen = squares[..., :, self._in_names.index(one.name)]
                others = [i for i, name in enumerate(self._out_names) if name != one.name]
                total += one.delta * np.sum(seen[..., others], axis=-1)
            if one.paired:
                error = math.sqrt(one.delta) * J[..., self.layout.rows[one.name], self.layout.columns[one.name]]
                own = np.arange(error.shape[-1])
                error[..., own, own] -= math.sqrt(one.sigma)
                total += np.sum(np.square(error), axis=(-2, -1))
        return np.asarray(total / 2)


def _members(parts: Mapping[str, slice]) -> FloatArray:
    """Return a matrix with one where a column belongs to a segment and zero elsewhere, shape (columns, segments)."""
    sizes = [part.stop - part.start for part in parts.values()]
    return np.repeat(np.eye(len(sizes)), sizes, axis=0)


def _turn(along: FloatArray, paired: FloatArray, side: Side) -> None:
    signs = side.cosine * along - side.sine * paired
    paired[...] = side.sine * along + side.cosine * paired
    along[...] = signs


def _blocks(
    blocks: Mapping[str, slice], side: Side, names: list[str], classes: tuple[ModeClass, ...]
) -> dict[str, NDArray[np.int64]]:
    """Return which segments make each block of features: the sign features, and all the rest."""
    signs = {one.name for one in classes if one.is_sign_of(side)}
    members = ([i for i, name in enumerate(names) if (name in signs) == first] for first in (True, False))
    return {block: np.array(segments, dtype=np.int64) for block, segments in zip(blocks, members, strict=True)}
