"""The outcome of a comparison: errors, wrong predictions and a verdict with its reason."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from tabulate import tabulate

from ..markup import card, facts, items, paragraph, table
from .errors import PARTS, RESOLUTION, QuantityError, largest
from .sensitivity import Sensitivity
from .tolerances import MOST_NEGLECTED, NEGLECTED_FACTOR
from .verdicts import FAILS, HOLDS, UNDECIDED, Judged

HEADER = ("quantity", "error", "error / range", "error / tolerance", "tested")
MOST_BLIND = 0.5
"""A comparison that would not notice a rate this far off does not decide."""


@dataclass(frozen=True)
class Control:
    """The outcome for a deliberately wrong prediction.

    Attributes
    ----------
    name : str
    error : float
        Its largest error against the simulation, in bounds of the quantities.
    difference : float
        Its largest difference from the prediction under test, in bounds of the quantities.
    applies : bool, default True
        Whether it differs from the prediction by more than rounding.
    needed : bool, default True
        Whether the verdict is undecided if it cannot be told apart from the prediction.

    See Also
    --------
    Agreement : The comparison that it belongs to.
    linmod.verify : Derive the controls of a problem, or take others.
    """

    name: str
    error: float
    difference: float
    applies: bool = True
    needed: bool = True

    @property
    def distinct(self) -> bool:
        """Whether it differs from the prediction by more than twice a bound, so that it can be told apart."""
        return self.difference > 2

    @property
    def rejected(self) -> bool:
        """Whether it can be told apart from the prediction, and its error exceeds a bound."""
        return self.distinct and self.error > 1

    def __str__(self) -> str:
        if not self.applies:
            return "does not apply (it equals the prediction)"
        if self.rejected:
            return f"rejected (error {self.error:.2g} bounds)"
        if self.distinct:
            return f"NOT rejected (error {self.error:.2g} bounds)"
        return f"cannot be told apart from the prediction (difference {self.difference:.2g} bounds)"


@dataclass(frozen=True)
class Agreement(Judged):
    """The outcome of a comparison.

    Attributes
    ----------
    by_quantity : mapping of str to QuantityError
        Among them, where both sides have them, the signed strengths of single modes and the weights.
    controls : tuple of Control
    sensitivity : Sensitivity
        The smallest errors of start, rate and plateau that this comparison notices.
    left_out : tuple of str
        Quantities of the simulation that the prediction does not name.
    doubts : tuple of str
        Reasons for which the comparison cannot decide for any errors; each with what would decide it.
    description, prediction, simulation : str
        The problem that was solved, and the origin of either side.

    See Also
    --------
    linmod.verify, linmod.compare : Make an agreement.
    """

    by_quantity: Mapping[str, QuantityError]
    controls: tuple[Control, ...]
    sensitivity: Sensitivity
    left_out: tuple[str, ...]
    doubts: tuple[str, ...]
    description: str = field(repr=False)
    prediction: str = field(repr=False)
    simulation: str = field(repr=False)

    @property
    def max_error(self) -> float:
        """Largest relative error of all quantities; NaN if one of them is not a number."""
        return largest([quantity.relative for quantity in self.by_quantity.values()])

    @property
    def neglected(self) -> float:
        """Largest error over range of a quantity that the closed form is known to have; 0 if exact or not derived."""
        return largest([quantity.neglected for quantity in self.by_quantity.values()])

    @property
    def worst(self) -> str:
        """Name of the quantity that is closest to its bound, or furthest beyond."""
        return max(self.by_quantity, key=lambda name: _or(math.inf, self.by_quantity[name].of_bound))

    @property
    def tolerance(self) -> float:
        """Bound for the relative error of the quantity that is closest to its bound."""
        return self.by_quantity[self.worst].tolerance

    @property
    def untested(self) -> tuple[str, ...]:
        """Quantities that move by less than four of their bounds, so that standing still could pass unnoticed."""
        return tuple(name for name, q in self.by_quantity.items() if name not in PARTS and not q.tested and not q.still)

    @property
    def _inexact(self) -> list[str]:
        """Quantities of whose range the bound leaves too much to what the closed form neglects."""
        return [
            name
            for name, quantity in self.by_quantity.items()
            if name not in PARTS and not quantity.still and not NEGLECTED_FACTOR * quantity.neglected <= MOST_NEGLECTED
        ]

    def _tested_but_for_theory(self, name: str) -> bool:
        """Whether a quantity would be tested if the closed form were exact; taken as such if that is unknown."""
        share = NEGLECTED_FACTOR * self.by_quantity[name].neglected
        return not share < math.inf or self.by_quantity[name].tested_but_for(share)

    @property
    def null_rejected(self) -> bool:
        """Whether some wrong prediction can be told apart, and all that can be are rejected."""
        distinct = [control for control in self.controls if control.distinct]
        return bool(distinct) and all(control.rejected for control in distinct)

    @cached_property
    def _decision(self) -> tuple[str, str]:
        if self.doubts:
            return UNDECIDED, self.doubts[0]
        off = [name for name, quantity in self.by_quantity.items() if not quantity.of_bound <= 1]
        if off:
            quantity = self.by_quantity[self.worst]
            return FAILS, (
                f"{self.worst} is off by {quantity.error:.2e}, {quantity.of_bound:.3g} times its bound"
                f" ({len(off)} of {len(self.by_quantity)} quantities are beyond their bounds)"
            )
        accepted = [control.name for control in self.controls if control.distinct and not control.rejected]
        if accepted:
            return FAILS, f"the wrong prediction {accepted[0]!r} is within all bounds"
        weakness = self._weakness()
        if weakness:
            return UNDECIDED, weakness
        return HOLDS, self._strength()

    def _weakness(self) -> str:
        """What this comparison could not have noticed, and what would decide it; empty if nothing."""
        tested = [name for name, q in self.by_quantity.items() if name not in PARTS and q.tested]
        untested = [name for name in self.untested if not self._tested_but_for_theory(name)]
        inexact = self._inexact
        if inexact and not untested:
            return self._inaccuracy(max(inexact, key=lambda name: _or(math.inf, self.by_quantity[name].neglected)))
        if self.untested:
            name = (untested or self.untested)[0]
            quantity = self.by_quantity[name]
            return (
                f"{len(self.untested)} of {len(self.by_quantity)} quantities are not tested: {name} moves by"
                f" {quantity.range:.1e}, less than {RESOLUTION:g} times its bound {quantity.bound:.1e}, so that"
                " standing still would pass; a smaller tolerance or start, or a longer time, would decide it"
            )
        if not tested:
            return "nothing moves, so that a constant would pass; a longer time or another start would decide it"
        blind = [c for c in self.controls if c.applies and c.needed and not c.distinct]
        if blind:
            return (
                f"the wrong prediction {blind[0].name!r} cannot be told apart from the prediction; times during"
                " learning, or a smaller tolerance, would decide it"
            )
        if self.sensitivity.rate >= MOST_BLIND:
            return (
                "the reported times say nothing of the rate of learning, so that a course of half the speed would pass;"
                " three times or more during learning would decide it"
            )
        if not any(control.distinct for control in self.controls):
            return "no wrong prediction can be told apart; a null control that differs would decide it"
        return ""

    def _inaccuracy(self, name: str) -> str:
        """What the closed form neglects of a quantity, and what would decide whether it is right."""
        share = self.by_quantity[name].neglected
        if not share < math.inf:
            return (
                f"the closed form is an approximation of unknown error in {name} from this start; a smaller start or a"
                " given tolerance would decide it"
            )
        return (
            f"the closed form neglects up to {100 * share:.2g} % of the range of {name}, and a bound of"
            f" {NEGLECTED_FACTOR:g} times as much exceeds {100 * MOST_NEGLECTED:g} % of it; smaller initial weights"
            " would decide it, unless the error does not shrink with them, which linmod.convergence_order measures"
        )

    def _strength(self) -> str:
        rejected, counted = self.counts
        text = f"all {len(self.by_quantity)} quantities are within their bounds, {rejected} of {counted}"
        text += " wrong predictions are rejected"
        return text + (f"; not compared: {', '.join(self.left_out)}" if self.left_out else "")

    @property
    def counts(self) -> tuple[int, int]:
        """How many wrong predictions are rejected, and how many differ from the prediction."""
        return sum(c.rejected for c in self.controls), sum(c.applies for c in self.controls)

    def require(self, *names: str) -> Agreement:
        """Return self, or raise if one of these controls is absent or cannot be told apart from the prediction.

        Returns
        -------
        Agreement

        Raises
        ------
        ValueError
            With the names of these controls.
        """
        distinct = {control.name for control in self.controls if control.distinct}
        missing = sorted(set(names) - distinct)
        if missing:
            raise ValueError(f"controls {missing} do not differ from the prediction of {self.description}")
        return self

    def table(self, style: str = "simple") -> str:
        """The errors by quantity as a table.

        Parameters
        ----------
        style : str, default "simple"
            One of tabulate's styles, such as "simple", "github" or "html".

        Returns
        -------
        str
        """
        return tabulate(
            [_row(name, quantity) for name, quantity in self.by_quantity.items()],
            HEADER,
            tablefmt=style,
            disable_numparse=True,
        )

    def _remarks(self) -> list[str]:
        remarks = [f"{control.name}: {control}" for control in self.controls]
        rejected, counted = self.counts
        remarks.append(f"{rejected} of {counted} wrong predictions rejected")
        return remarks

    def _summary(self) -> list[str]:
        lines = [f"largest relative error {self.max_error:.2e}, tolerance {self.tolerance:.2e}"]
        lines.append(f"sensitivity: {self.sensitivity}")
        if self.left_out:
            lines.append(f"not compared: {', '.join(self.left_out)}")
        return lines

    def __str__(self) -> str:
        return "\n".join(
            [
                self.description,
                f"predicted: {self.prediction}",
                f"simulated: {self.simulation}",
                self.table(),
                "null controls:",
                *(f"  {line}" for line in self._remarks()),
                *self._summary(),
                f"{self.verdict}: {self.reason}",
            ]
        )

    def _repr_html_(self) -> str:
        rows = [_row(name, quantity) for name, quantity in self.by_quantity.items()]
        sides = {"problem": self.description, "predicted": self.prediction, "simulated": self.simulation}
        return card(
            f"{self.verdict}: {self.reason}",
            facts(sides),
            table(HEADER, rows),
            items(self._remarks()),
            *map(paragraph, self._summary()),
        )


def _or(other: float, share: float) -> float:
    """Return a share, or another number if it is not one."""
    return other if math.isnan(share) else share


def _row(name: str, quantity: QuantityError) -> tuple[str, ...]:
    if name in PARTS:
        tested = ""
    elif quantity.still:
        tested = "stands still"
    else:
        tested = "yes" if quantity.tested else "NOT TESTED"
    return (name, f"{quantity.error:.2e}", f"{quantity.of_range:.2e}", f"{quantity.of_bound:.2g}", tested)
