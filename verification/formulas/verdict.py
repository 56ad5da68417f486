"""The whole verdict on a formula: whether it holds, where, what it is, and what would mend it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from tabulate import tabulate

from ...datasets import SystematicityDataset
from ...problem import Aligned, Deep, Descent, Flow, Problem
from ...theory.symbolic.formula import Formula
from ...validation import instance
from ..verdicts import HOLDS
from . import regions as areas
from .design import CONFIRMED, EXPLORED, chain, moving_times
from .limits import Limit, limits
from .mends import MOST_PAIRS, Mend, find_mends
from .one_problem import OneProblem, one_problem
from .regions import DOES_NOT_APPLY, Region
from .sample import Sample, home_of

if TYPE_CHECKING:
    from .constants import Constant
    from .identity import Identity

START = 1e-3
DEFAULT_DATASET: dict[str, Any] = {"n_x": 3, "n_y": 2, "k_x": 5, "k_y": 4, "r": 0.8}
"""No number is 1, and no two are equal, so that each is told apart from its powers and from the others."""
TIMES = 61


def default_problem(*, layers: int = 2, descent: bool = False) -> Problem:
    """A problem in which all modes are learned, for formulas that come without one.

    Examples
    --------
    >>> default_problem().network
    Deep(hidden=50, layers=2)
    """
    dataset = SystematicityDataset(**DEFAULT_DATASET)
    network = Deep(layers=layers) if layers > 1 else chain(1, dataset)
    return learned(Problem(dataset, network, Aligned(START), Flow([1.0])), descent=descent)


def learned(problem: Problem, *, descent: bool = False, step: float = 0.1) -> Problem:
    """The problem with training that lasts until all modes have moved.

    Examples
    --------
    >>> training = learned(default_problem(), descent=True).training
    >>> training.step_size, training.steps
    (0.1, 153)
    """
    end = float(moving_times(problem)[-1])
    if descent:
        steps = max(1, round(end / step))
        training: Flow | Descent = Descent(step, steps, max(1, steps // 30))
    else:
        training = Flow(np.linspace(0.0, end, TIMES), atol=1e-12)
    return Problem(problem.dataset, problem.network, problem.initial, training)


@dataclass(frozen=True, eq=False)
class FormulaVerdict:
    """What is known of a formula.

    Attributes
    ----------
    formula : Formula
    problem : Problem
    here : OneProblem
        The verdict in this problem.
    progress : callable
        Called with what is being done and the share of it that is done.

    See Also
    --------
    linmod.check : Make it.
    """

    formula: Formula
    problem: Problem
    here: OneProblem
    progress: Callable[[str, float], None] = field(default=lambda _, __: None, repr=False)

    @property
    def verdict(self) -> str:
        """One of "holds", "fails" and "undecided", in this problem."""
        return self.here.verdict

    @property
    def reason(self) -> str:
        """Why the verdict is what it is, in one sentence."""
        return self.here.reason

    @property
    def passed(self) -> bool:
        """Whether the verdict is "holds"."""
        return self.verdict == HOLDS

    @cached_property
    def sample(self) -> Sample:
        """Simulations all over the space, each made when it is first needed."""
        return Sample(
            self.formula, home_of(self.problem), lambda done: self.progress("simulations", min(1.0, done / 130))
        )

    @cached_property
    def regions(self) -> tuple[Region, ...]:
        """Where it holds, by depth and training."""
        return tuple(areas.regions(self.sample))

    @cached_property
    def remarks(self) -> tuple[str, ...]:
        """What tells right cases from wrong ones, and the orders of the error."""
        where = areas.condition(self.sample)
        return tuple(part for part in (where, *areas.orders(self.sample)) if part)

    @cached_property
    def identity(self) -> Identity:
        """What it is, among the formulas of the book."""
        from .identity import identity

        return identity(self.formula, home_of(self.problem))

    @cached_property
    def limits(self) -> tuple[Limit, ...]:
        """The beginning and the end of the course, against those of the simulation."""
        return tuple(limits(self.sample))

    @cached_property
    def mends(self) -> tuple[Mend, ...]:
        """Small changes with which it holds in all settings that were kept aside; none for a formula that holds."""
        explored, confirmed = self.sample.home_rows(EXPLORED), self.sample.home_rows(CONFIRMED)
        if explored is None or confirmed is None or self._holds_at_home():
            return ()
        return tuple(find_mends(self.formula, explored, confirmed, lambda done: self.progress("changes", done)))

    def _holds_at_home(self) -> bool:
        home = [areas.in_words(family) for family in self.sample.homes]
        return all(region.verdict == HOLDS for region in self.regions if region.name in home)

    def whole(self) -> str:
        """The verdict here, where it holds, what it is, and what would mend it, as text."""
        start = time.perf_counter()
        parts = [str(self), "", self._where(), "", f"what it is: {self.identity.statement}", *self._limits()]
        parts += ["", *self._mended()]
        return "\n".join([*parts, f"({time.perf_counter() - start:.0f} s)"])

    def _where(self) -> str:
        rows = [
            (region.name, _counts(region.explored), _counts(region.confirmed), region.verdict)
            for region in self.regions
            if region.verdict != DOES_NOT_APPLY
        ]
        table = tabulate(rows, ("where", "explored", "kept aside", "verdict"), disable_numparse=True)
        return "\n".join([table, *self._warning(), *self.remarks])

    def _warning(self) -> list[str]:
        """That a formula which holds in this problem fails in others like it."""
        if not self.passed or self._holds_at_home():
            return []
        return ["it holds in this problem, but not in all problems of this depth and training"]

    def _limits(self) -> list[str]:
        if not self.limits:
            return []
        rows = [
            (limit.name, f"{limit.formula:.5g}", f"{limit.simulation:.5g}", "yes" if limit.agrees else "NO")
            for limit in self.limits
        ]
        return ["", tabulate(rows, ("limit", "formula", "simulation", "agrees"), disable_numparse=True)]

    def _mended(self) -> list[str]:
        if self.mends:
            return ["what would mend it:", *(f"  {mend}" for mend in self.mends)]
        if self._holds_at_home():
            return ["nothing to mend"]
        none = (
            f"no single change mends it, and no pair of changes among those tried, {MOST_PAIRS:,} of each kind at most"
        )
        return [none, *(f"  but {constant}" for constant in self.constants)]

    @cached_property
    def constants(self) -> tuple[Constant, ...]:
        """Fitted constants with which it nearly holds, where nothing mends it: numbers, not answers."""
        from .constants import fitted_constants

        explored, confirmed = self.sample.home_rows(EXPLORED), self.sample.home_rows(CONFIRMED)
        if self.mends or explored is None or confirmed is None or self._holds_at_home():
            return ()
        return tuple(fitted_constants(self.formula, explored, confirmed))

    def __str__(self) -> str:
        rows = [
            (
                line.label,
                f"{line.error:.2e}",
                f"{line.of_bound:.2g}",
                "" if np.isnan(line.time) else f"{line.time:.4g}",
                f"{line.predicted:.6g}",
                f"{line.simulated:.6g}",
            )
            for line in self.here.lines
        ]
        header = ("quantity", "largest error", "error / bound", "at time", "formula", "simulation")
        lines = [str(self.formula), f"in {self.here.description}", tabulate(rows, header, disable_numparse=True)]
        lines += [f"  {control}" for control in self.here.controls]
        return "\n".join([*lines, f"{self.verdict}: {self.reason}"])


def _counts(pair: tuple[int, int]) -> str:
    return f"{pair[0]} of {pair[1]}"


def check(
    formula: Any,
    problem: Problem | None = None,
    *,
    of: str = "mode",
    block: tuple[str, str] | None = None,
    progress: Callable[[str, float], None] = lambda _, __: None,
) -> FormulaVerdict:
    r"""Learn whether a formula holds, where it stops, what it is, and what would mend it.

    Parameters
    ----------
    formula : str, sympy expression or Formula
        See :class:`linmod.Formula`.
    problem : Problem, optional
        A chain of layers with an aligned start, or two layers with random weights; a two-layer network on a small
        dataset, aligned, unless given.
    of : str, default "mode"
        What the formula predicts, unless it is a Formula.
    block : pair of str, optional
        Of a norm, its input block and its output block.
    progress : callable, optional
        Called with what is being done, and the share of it that is done.

    Returns
    -------
    FormulaVerdict
        With the verdict in this problem. Its ``regions``, ``remarks``, ``identity``, ``limits`` and ``mends`` are
        worked out when they are first asked for, or all together by ``whole()``, in less than half a minute.

    Raises
    ------
    FormulaError
        If the text is no formula.
    ValueError
        If a symbol has no value in the problem, or the initial strengths of its modes are not known.

    See Also
    --------
    linmod.verify : Compare a prediction that is a function.
    linmod.book : The formulas that are known.

    Examples
    --------
    >>> verdict = check(r"\frac{\lambda}{\delta} / (1 + (\frac{\lambda}{\delta \pi_0} - 1) e^{-2 \lambda t})")
    >>> verdict.verdict, verdict.identity.entry
    ('holds', 'two-layer-flow')
    >>> check("pi0*exp(2*lam*t)").verdict
    'fails'
    """
    if not isinstance(formula, Formula):
        formula = Formula(formula, of=of, block=block)
    if problem is None:
        descent = bool({"n", "alpha"} & formula.symbols) or formula.form == "recursion"
        problem = default_problem(descent=descent)
    instance("problem", problem, (Problem,))
    if not problem.network.is_chain:
        raise ValueError("network must be a single chain of layers, Shallow or Deep, for a formula to be checked")
    return FormulaVerdict(formula, problem, one_problem(formula, problem), progress)
