"""The classes of modes of a systematicity dataset, and where each stands in rotated weights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from ...datasets import CLASS_NAMES, SystematicityDataset
from ...validation import FloatArray
from .rotation import Rotated, Side, sides

LAYOUTS = 16
"""The number of layouts that are kept for the next problem on the same data."""
IDENTITY = "identity"
PLAIN = CLASS_NAMES[2]


def partner(name: str) -> str:
    """Return the name of the null directions that belong to the sign features of a class."""
    return f"partners of {name}"


@dataclass(frozen=True)
class ModeClass:
    r"""Walsh functions z with the same correlations in the dataset.

    Attributes
    ----------
    name : str
    signs : tuple of int
        The sign features that they are, as bits; empty for the class of all the rest.
    count : int
    delta, sigma : float
        :math:`|X z|^2 / N` and :math:`|Y z|^2 / N`.
    in_inputs, in_outputs : bool
        Whether X and Y contain them.
    """

    name: str
    signs: tuple[int, ...]
    count: int
    delta: float
    sigma: float
    in_inputs: bool
    in_outputs: bool

    @property
    def lam(self) -> float:
        r"""Input-output correlation :math:`|X z|\,|Y z| / N`."""
        return math.sqrt(self.delta) * math.sqrt(self.sigma)

    def is_sign_of(self, side: Side) -> bool:
        """Return whether these are sign features of that side."""
        return bool(self.signs) and set(self.signs) <= set(side.signs)

    @property
    def paired(self) -> bool:
        """Whether there is something to learn: both X and Y contain the modes."""
        return self.in_inputs and self.in_outputs


def mode_classes(dataset: SystematicityDataset) -> tuple[ModeClass, ...]:
    """Return all classes that have members, learnable or not."""
    return _classes_of(*sides(dataset))


@lru_cache(maxsize=LAYOUTS)
def _classes_of(of_input: Side, of_output: Side) -> tuple[ModeClass, ...]:
    ins, outs = set(of_input.signs), set(of_output.signs)
    members = {
        CLASS_NAMES[0]: (ins & outs, 1, 1),
        CLASS_NAMES[1]: (ins - outs, 1, 0),
        PLAIN: (set[int](), 0, 0),
        CLASS_NAMES[3]: (outs - ins, 0, 1),
    }
    return tuple(
        ModeClass(
            name=name,
            signs=tuple(sorted(bits)),
            count=count,
            delta=reads + of_input.identity_share,
            sigma=writes + of_output.identity_share,
            in_inputs=bool(reads) or of_input.names_items,
            in_outputs=bool(writes) or of_output.names_items,
        )
        for name, (bits, reads, writes) in members.items()
        if (count := of_input.n_items - len(ins | outs) if name == PLAIN else len(bits))
    )


@dataclass(frozen=True, eq=False)
class Layout:
    r"""Where the classes stand among the columns of :math:`W_1` and the rows of :math:`W_2` in the rotated basis.

    On both sides the paired classes come first, in the same order, then those that only this side contains, then
    null directions: the partners of sign features, and those inside the identity blocks.
    """

    classes: tuple[ModeClass, ...]
    columns: Mapping[str, slice]
    rows: Mapping[str, slice]

    @cached_property
    def paired(self) -> tuple[ModeClass, ...]:
        """The classes that can be learned."""
        return tuple(one for one in self.classes if one.paired)

    @cached_property
    def n_paired(self) -> int:
        """Number of leading columns, and of leading rows, that stand for paired classes."""
        return max((self.columns[one.name].stop for one in self.paired), default=0)

    @cached_property
    def n_moving(self) -> int:
        """Number of leading columns that the inputs drive; the rest are static."""
        return max((self.columns[one.name].stop for one in self.classes if one.in_inputs), default=0)

    @cached_property
    def n_columns(self) -> int:
        """Number of columns."""
        return max((part.stop for part in self.columns.values()), default=0)

    @cached_property
    def n_rows(self) -> int:
        """Number of rows."""
        return max((part.stop for part in self.rows.values()), default=0)

    @cached_property
    def delta(self) -> FloatArray:
        """Input correlation of each moving column."""
        return self._spread("delta", (one for one in self.classes if one.in_inputs), self.n_moving)

    @cached_property
    def lam(self) -> FloatArray:
        """Input-output correlation of each paired column."""
        return self._spread("lam", self.paired, self.n_paired)

    @cached_property
    def sigma(self) -> FloatArray:
        """Output correlation of each paired row."""
        return self._spread("sigma", self.paired, self.n_paired)

    def _spread(self, value: str, classes: Iterable[ModeClass], size: int) -> FloatArray:
        values = np.empty(size)
        for one in classes:
            values[self.columns[one.name]] = getattr(one, value)
        return values


def width(parts: Mapping[str, slice], name: str) -> int:
    """Return the number of columns of one name."""
    part = parts.get(name, slice(0, 0))
    return int(part.stop - part.start)


def layout(dataset: SystematicityDataset, plain: int, null_in: int, null_out: int) -> Layout:
    """Lay the classes out, with the given numbers of columns for the plain class and for the identity blocks."""
    return _laid_out(*sides(dataset), plain, null_in, null_out)


@lru_cache(maxsize=LAYOUTS)
def _laid_out(of_input: Side, of_output: Side, plain: int, null_in: int, null_out: int) -> Layout:
    classes = _classes_of(of_input, of_output)
    widths = {one.name: plain if one.name == PLAIN else one.count for one in classes}
    paired = {one.name: widths[one.name] for one in classes if one.paired}

    def arrange(side: Side, alone: list[ModeClass], null: int) -> dict[str, slice]:
        sizes = dict(paired)
        sizes |= {one.name: widths[one.name] for one in alone if not one.paired}
        if side.copies:
            sizes |= {partner(one.name): one.count for one in classes if one.is_sign_of(side)}
        sizes |= {IDENTITY: null}
        stops = list(accumulate(sizes.values(), initial=0))
        return {name: slice(stops[i], stops[i + 1]) for i, name in enumerate(sizes) if sizes[name]}

    return Layout(
        classes,
        columns=arrange(of_input, [one for one in classes if one.in_inputs], null_in),
        rows=arrange(of_output, [one for one in classes if one.in_outputs], null_out),
    )


def full_layout(dataset: SystematicityDataset) -> Layout:
    """Return the layout in which every mode and every null direction has its own column or row."""
    plain = dataset.n_items - len({*dataset.input_signs, *dataset.output_signs})
    return layout(dataset, plain, *(side.n_null for side in sides(dataset)))


def gather(side: Side, parts: Mapping[str, slice], classes: tuple[ModeClass, ...], weights: FloatArray) -> FloatArray:
    """Rotate weights of shape (..., features) and lay them out."""
    rotated = side.rotate(weights)
    placed = np.empty((*weights.shape[:-1], side.n_features))
    for part, source, where in _places(side, parts, classes, rotated):
        placed[..., part] = source[..., where]
    return placed


def scatter(side: Side, parts: Mapping[str, slice], classes: tuple[ModeClass, ...], placed: FloatArray) -> FloatArray:
    """Return the weights of shape (..., features) from their layout: the inverse of :func:`gather`."""
    lead, n_signs = placed.shape[:-1], len(side.signs)
    rotated = Rotated(
        np.zeros((*lead, side.n_items)),
        np.zeros((*lead, n_signs if side.copies else 0)),
        np.zeros((*lead, side.n_null)),
    )
    for part, target, where in _places(side, parts, classes, rotated):
        target[..., where] = placed[..., part]
    return side.restore(rotated)


def _places(
    side: Side, parts: Mapping[str, slice], classes: tuple[ModeClass, ...], rotated: Rotated
) -> list[tuple[slice, FloatArray, NDArray[np.int64] | slice]]:
    taken = np.array([1 << bit for one in classes for bit in one.signs], dtype=np.int64)
    signs_of = {one.name: one.signs for one in classes}
    partners_of = {partner(one.name): one.signs for one in classes}
    places: list[tuple[slice, FloatArray, NDArray[np.int64] | slice]] = []
    for name, part in parts.items():
        if name == IDENTITY:
            places.append((part, rotated.identity, slice(None)))
        elif name in partners_of:
            order = np.array([side.signs.index(bit) for bit in partners_of[name]], dtype=np.int64)
            places.append((part, rotated.partners, order))
        elif name == PLAIN:
            places.append((part, rotated.spectrum, np.delete(np.arange(side.n_items), taken)))
        else:
            masks = np.array([1 << bit for bit in signs_of[name]], dtype=np.int64)
            places.append((part, rotated.spectrum, masks))
    return places
