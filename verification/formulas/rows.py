"""What simulations show, as rows: the values of all symbols, and the quantity that a formula is to give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...validation import FloatArray
from .design import Setting

RELATIVE, OF_SCALE = 1e-5, 1e-7
"""A right formula differs from a simulation by less: hundred times the tolerance of integration."""
MOVES = 100.0
"""Bounds that a quantity must move for a formula to be tested by it."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of simulated values, in series over time.

    Attributes
    ----------
    values : mapping of str to ndarray, shape (rows,)
        Of the symbols by name; ``t`` in units of tau.
    truth : ndarray, shape (rows,)
        What the simulation shows.
    series, setting : ndarray of int, shape (rows,)
        The series, such as one mode of one problem, and the setting, that each row belongs to.
    settings : tuple of Setting
    labels : tuple of str
        Of each series.
    """

    values: Mapping[str, FloatArray]
    truth: FloatArray
    series: NDArray[np.int64]
    setting: NDArray[np.int64]
    settings: tuple[Setting, ...]
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def bound(self) -> FloatArray:
        """Largest error of a right formula, of each row."""
        return RELATIVE * np.abs(self.truth) + OF_SCALE * self.largest(np.abs(self.truth)) + 1e-300

    def largest(self, values: FloatArray) -> FloatArray:
        """The largest of values over each series, at each row; not a number if one is not."""
        found = np.full(len(self.labels), -np.inf)
        np.maximum.at(found, self.series, np.where(np.isnan(values), np.inf, values))
        return np.asarray(found[self.series])

    @property
    def moves(self) -> NDArray[np.bool_]:
        """Of each row, whether its series moves by many bounds."""
        spread = self.largest(self.truth) + self.largest(-self.truth)
        return np.asarray(spread > MOVES * self.largest(self.bound))

    def bind(self, symbols: frozenset[str]) -> dict[str, FloatArray]:
        """Values of the symbols of a formula: where it has tau, times are not in units of it.

        Raises
        ------
        KeyError
            With the symbol that has no value here.
        """
        found = {name: self.values[name] for name in symbols}
        if "tau" in symbols and "t" in symbols:
            found["t"] = self.values["t"] * self.values["tau"]
        return found

    def where(self, chosen: NDArray[np.bool_]) -> Rows:
        """The chosen rows."""
        return replace(
            self,
            values={name: given[chosen] for name, given in self.values.items()},
            truth=self.truth[chosen],
            series=self.series[chosen],
            setting=self.setting[chosen],
        )


def joined(parts: Sequence[Rows]) -> Rows:
    """Rows of several settings together; symbols that some lack are left out."""
    names = frozenset.intersection(*(frozenset(part.values) for part in parts))
    series = np.cumsum([0, *(len(part.labels) for part in parts)])
    settings = np.cumsum([0, *(len(part.settings) for part in parts)])
    return Rows(
        values={name: np.concatenate([part.values[name] for part in parts]) for name in sorted(names)},
        truth=np.concatenate([part.truth for part in parts]),
        series=np.concatenate([part.series + first for part, first in zip(parts, series[:-1], strict=True)]),
        setting=np.concatenate([part.setting + first for part, first in zip(parts, settings[:-1], strict=True)]),
        settings=tuple(setting for part in parts for setting in part.settings),
        labels=tuple(label for part in parts for label in part.labels),
    )
