"""What would mend a formula: one or two small changes, each confirmed in settings that did not suggest it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ...theory.symbolic.formula import Formula
from ...theory.symbolic.formula.nodes import Node, size
from ...theory.symbolic.formula.tidy import tidy
from ...theory.symbolic.formula.values import Evaluator
from ...validation import FloatArray
from .edits import MISSING, Edit, described, edits
from .predict import misfit, screening
from .rows import Rows

SCREENED = 40
"""Rows at which every candidate is evaluated; those that pass are evaluated at all."""
SHOWN = 5
MOST_PAIRS = 70_000
"""Pairs of changes that are tried, of what is there, and again with one of what is missing or too much."""
FITTING = ("lam", "delta", "pi0", "alpha", "tau", "count", "L", "N", "n_x", "n_y", "k_x", "k_y", "r")
"""Symbols that may be missing in a formula, if they have values."""
Progress = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class Mend:
    """A changed formula that holds in all settings that were kept aside.

    Attributes
    ----------
    tree : Node
    change : str
        What is replaced by what.
    complexity : int
        Number of changes.
    held, tried : int
        Of the settings kept aside, those in which it holds, and all.
    """

    tree: Node
    change: str
    complexity: int
    held: int
    tried: int

    def __str__(self) -> str:
        return f"{self.change}: holds on {self.held} of {self.tried} problems that did not suggest it"


def find_mends(formula: Formula, explored: Rows, confirmed: Rows, progress: Progress = lambda _: None) -> list[Mend]:
    """Single changes of a formula with which it holds; if there is none, pairs of changes.

    Parameters
    ----------
    formula : Formula
    explored, confirmed : Rows
        Simulated settings that suggest changes, and others that must confirm them.
    progress : callable, optional
        Called with the share that is done.

    Returns
    -------
    list of Mend
        The simplest first.
    """
    search = _Search(formula, explored, confirmed)
    found = search.confirmed(search.singles(), 1)
    progress(0.2)
    for stage in (0, 1):
        if not found:
            found = search.confirmed(search.pairs(stage, progress), 2)
        progress(0.5 * (stage + 1))
    return found


class _Search:
    def __init__(self, formula: Formula, explored: Rows, confirmed: Rows) -> None:
        self._formula, self._explored, self._confirmed = formula, explored, confirmed
        screen = screening(formula.form, explored)
        screened, self._share = screen.rows, screen.share
        self._screened = _few(screened)
        usable = [name for name in FITTING if name in screened.values and _varies(screened.values[name])]
        available = frozenset(usable) | formula.symbols
        if "tau" not in formula.symbols:
            available -= {"tau"}
        values = self._screened.bind(available & frozenset(self._screened.values))
        self._edits = edits(formula.tree, available & frozenset(values))
        self._evaluate = Evaluator(values)
        self._evaluate.keep(formula.tree)
        self._truth, self._bound = self._screened.truth, screen.factor * self._screened.bound

    def singles(self) -> Iterator[tuple[Node, float]]:
        """Trees with one change that agree with the screened rows."""
        for edit in self._edits:
            tree = edit(self._formula.tree)
            if tree is not None and self._agrees(tree):
                yield tree, edit.cost

    def pairs(self, stage: int, progress: Progress) -> Iterator[tuple[Node, float]]:
        """Trees with two changes that agree: both of what is there, or one of what is missing or too much."""
        tried = 0
        core = sorted((edit for edit in self._edits if edit.cost < MISSING), key=_depth)
        others = core if stage == 0 else sorted((edit for edit in self._edits if edit.cost >= MISSING), key=_depth)
        for index, first in enumerate(core):
            if tried > MOST_PAIRS:
                return
            inner = first(self._formula.tree)
            if inner is None:
                continue
            seconds = others[index + 1 :] if stage == 0 else others
            tried += len(seconds)
            for second in seconds:
                tree = second(inner) if _depth(first) <= _depth(second) else self._upon(second, first)
                if tree is not None and self._agrees(tree):
                    yield tree, first.cost + second.cost
            progress(0.2 + 0.4 * stage + 0.4 * index / len(core))

    def _upon(self, deeper: Edit, upper: Edit) -> Node | None:
        inner = deeper(self._formula.tree)
        return None if inner is None else upper(inner)

    def _agrees(self, tree: Node) -> bool:
        with np.errstate(all="ignore"):
            try:
                values = self._evaluate(tree)
            except KeyError:
                return False
            return bool(np.mean(np.abs(values - self._truth) <= self._bound) >= self._share)

    def confirmed(self, found: Iterator[tuple[Node, float]], complexity: int) -> list[Mend]:
        """Of the trees found, those that hold in every explored and in every confirming setting."""
        candidates: dict[bytes, tuple[float, int, Node]] = {}
        for tree, cost in found:
            key = _fingerprint(self._evaluate, tree, len(self._truth))
            rank = (cost, size(tree), tree)
            if key not in candidates or rank[:2] < candidates[key][:2]:
                candidates[key] = rank
        mends: list[Mend] = []
        for _, _, tree in sorted(candidates.values(), key=lambda rank: rank[:2]):
            if len(mends) == SHOWN:
                break
            mend = self._judged(tree, complexity)
            if mend is not None:
                mends.append(mend)
        return mends

    def _judged(self, tree: Node, complexity: int) -> Mend | None:
        for rows in (self._explored, self._confirmed):
            held, tried = tally(tree, self._formula.form, rows)
            if held < tried or not tried:
                return None
        tidied = tidy(tree)
        return Mend(tidied, described(tidy(self._formula.tree), tidied), complexity, held, tried)


def tally(tree: Node, form: str, rows: Rows) -> tuple[int, int]:
    """In how many settings a formula holds, of those in which something moves."""
    try:
        errors = misfit(tree, form, rows)
    except KeyError:
        return 0, len(rows.settings)
    wrong, seen = np.zeros(len(rows.settings), bool), np.zeros(len(rows.settings), bool)
    np.logical_or.at(wrong, rows.setting, ~(errors <= 1))
    np.logical_or.at(seen, rows.setting, tested(rows))
    return int(np.sum(seen & ~wrong)), int(np.sum(seen | wrong))


def tested(rows: Rows) -> FloatArray:
    """Of each row, whether its series moves; numbers without a course are always tested."""
    single = np.bincount(rows.series, minlength=len(rows.labels))[rows.series] == 1
    return np.asarray(rows.moves | single)


def _depth(edit: Edit) -> tuple[int, int]:
    """Deeper changes come first, so that paths stay valid; changes everywhere come last."""
    return (int(edit.everywhere is not None), -len(edit.path))


def _varies(values: FloatArray) -> bool:
    return bool(np.all(np.isfinite(values)) and np.ptp(values) > 0)


def _few(rows: Rows) -> Rows:
    """Some rows, those that move, from all settings."""
    usable = np.flatnonzero(tested(rows) & np.isfinite(rows.truth))
    late = usable[rows.values["t"][usable] > 0] if "t" in rows.values else usable
    chosen = late if len(late) else usable
    kept = np.random.default_rng(0).permutation(chosen)[:SCREENED]
    return rows.where(np.isin(np.arange(len(rows)), kept))


def _fingerprint(evaluate: Evaluator, tree: Node, length: int) -> bytes:
    values = np.broadcast_to(np.asarray(evaluate(tree), dtype=np.float64), (length,))
    digits = np.floor(np.log10(np.abs(values) + 1e-300))
    rounded: FloatArray = np.round(values / 10**digits, 3)
    return rounded.tobytes()
