"""Simulated settings by depth and kind of training, each simulated once, when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...datasets import SystematicityDataset
from ...problem import Divergence, NoClosedForm, Problem
from ...theory.symbolic.formula import Formula
from .design import CONFIRMED, EXPLORED, Setting, held_out_settings, settings
from .measure import measured, wanted
from .rows import Rows, joined

HOME = {EXPLORED: 18, CONFIRMED: 30}
"""Settings of the depth and the kind of training of the problem."""
ELSEWHERE = {EXPLORED: 4, CONFIRMED: 4}
UNIFORM = ("norm", "loss", "systematicity")
"""Quantities of the whole map, for which all modes start with one strength."""
Family = tuple[int, bool]
"""Number of layers, and whether training is by descent."""


class Sample:
    """Simulations for one formula.

    Parameters
    ----------
    formula : Formula
    home : tuple
        Depth and kind of training of the problem.
    progress : callable
        Called after each simulation with the number that are done.
    """

    def __init__(self, formula: Formula, home: Family, progress: Callable[[int], None] = lambda _: None) -> None:
        self.formula, self.home = formula, (1, False) if formula.of == "held_out" else home
        self._progress, self._done = progress, 0
        self._known: dict[tuple[Family, str], Rows | None] = {}

    def rows(self, family: Family, part: str) -> Rows | None:
        """Rows of one family in one half of the design; None if there is nothing to show."""
        if (family, part) not in self._known:
            self._known[family, part] = self.measured(self._settings(family, part))
        return self._known[family, part]

    def measured(self, chosen: Sequence[Setting]) -> Rows | None:
        """Rows of given settings."""
        parts = [self._one(setting) for setting in chosen]
        found = [part for part in parts if part is not None]
        return joined(found) if found else None

    def _settings(self, family: Family, part: str) -> list[Setting]:
        layers, descent = family
        number = HOME[part] // len(self.homes) + 2 * (len(self.homes) > 1) if family in self.homes else ELSEWHERE[part]
        if self.formula.of == "held_out":
            return held_out_settings(part)
        return settings(layers, descent, part, number, uniform=self.formula.of in UNIFORM)

    @property
    def homes(self) -> tuple[Family, ...]:
        """The family of the problem, and of its neighbours in depth if the formula depends on depth."""
        layers, descent = self.home
        if "L" not in self.formula.symbols:
            return (self.home,)
        first = min(layers, 3)
        return tuple((depth, descent) for depth in range(first, first + 3))

    def home_rows(self, part: str) -> Rows | None:
        """Rows of the families at home."""
        found = [rows for rows in (self.rows(family, part) for family in self.homes) if rows is not None]
        return joined(found) if found else None

    def _one(self, setting: Setting) -> Rows | None:
        self._done += 1
        self._progress(self._done)
        try:
            return measured(setting, wanted(self.formula))
        except (Divergence, NoClosedForm):
            return None


def home_of(problem: Problem) -> Family:
    """Depth and kind of training of a problem."""
    return problem.network.layers, bool(problem.training.is_descent)


def in_space(problem: Problem) -> SystematicityDataset | None:
    """The point of the dataset space of a problem."""
    return problem.dataset.in_space
