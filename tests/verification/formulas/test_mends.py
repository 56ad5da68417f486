"""Wrong formulas are mended, and nothing is shown that is not confirmed."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from wrong_formulas import same

from linmod import Formula
from linmod.theory.symbolic.formula.expressions import to_sympy
from linmod.theory.symbolic.formula.nodes import names
from linmod.theory.symbolic.formula.text import read_text
from linmod.theory.symbolic.formula.tidy import tidy
from linmod.theory.symbolic.formula.values import evaluated
from linmod.verification.formulas.design import CONFIRMED, EXPLORED
from linmod.verification.formulas.edits import described, edits
from linmod.verification.formulas.mends import find_mends, tally
from linmod.verification.formulas.rows import Rows
from linmod.verification.formulas.sample import Sample


@cache
def halves(of: str, form: str, home: tuple[int, bool]) -> tuple[Rows, Rows]:
    texts = {"flow": "dpi/dt = pi", "recursion": "pi_next = pi", "implicit": "t = pi"}
    sample = Sample(Formula(texts.get(form, "lam"), of=of), home)
    explored, confirmed = sample.home_rows(EXPLORED), sample.home_rows(CONFIRMED)
    assert explored is not None
    assert confirmed is not None
    return explored, confirmed


FLOW, DESCENT, SHALLOW = (2, False), (2, True), (1, False)
LOGISTIC = "(lam/delta)/(1 + (lam/(delta*pi0) - 1)*exp(-2*lam*t))"
CASES = {
    "(lam/delta)/(1 + (lam/(delta*pi0) - 1)*exp(-lam*t))": (LOGISTIC, FLOW, "exp(-lam*t) by exp(-2*lam*t)"),
    "(lam/delta)/(1 - (lam/(delta*pi0) - 1)*exp(-2*lam*t))": (LOGISTIC, FLOW, "(lam/(delta*pi0) - 1)"),
    "(lam/delta)/(1 + (lam/pi0 - 1)*exp(-2*lam*t))": (LOGISTIC, FLOW, "lam/(pi0*delta)"),
    "dpi/dt = 2*pi*(lam + delta*pi)": ("2*pi*(lam - delta*pi)", FLOW, "lam + delta*pi by lam - delta*pi"),
    "t = log(pi*(lam - delta*pi0)/(pi0*(lam - delta*pi)))/lam": (
        "log(pi*(lam - delta*pi0)/(pi0*(lam - delta*pi)))/(2*lam)",
        FLOW,
        "lam by 2*lam",
    ),
    "pi_next = pi*(1 + alpha*(lam - delta*pi))": ("pi*(1 + alpha*(lam - delta*pi))**2", DESCENT, "**2"),
}


@pytest.mark.parametrize("text", CASES)
def test_one_wrong_edit_is_mended(text: str) -> None:
    right, home, words = CASES[text]
    formula = Formula(text)
    explored, confirmed = halves(formula.of, formula.form, home)
    mends = find_mends(formula, explored, confirmed)
    assert mends
    assert words in mends[0].change
    assert all(mend.complexity == 1 and mend.held == mend.tried >= 20 for mend in mends)
    assert all(same(to_sympy(mend.tree), to_sympy(read_text(right))) for mend in mends)


@pytest.mark.parametrize("text", ["(lam/delta)/(1 + (lam/(delta*pi0) + 1)*exp(-lam*t))"])
def test_two_wrong_edits_are_mended(text: str) -> None:
    explored, confirmed = halves("mode", "explicit", FLOW)
    mends = find_mends(Formula(text), explored, confirmed)
    assert mends[0].complexity == 2
    assert all(same(to_sympy(mend.tree), to_sympy(read_text(LOGISTIC))) for mend in mends)


@pytest.mark.parametrize("text", ["lam*t", "cos(t)"])
def test_nonsense_is_not_mended(text: str) -> None:
    explored, confirmed = halves("mode", "explicit", FLOW)
    assert find_mends(Formula(text), explored, confirmed) == []


def test_a_mend_that_only_fits_what_was_explored_is_not_shown() -> None:
    """Modes whose delta is 1 cannot tell whether it is missing; the settings kept aside can."""
    explored, confirmed = halves("mode", "explicit", SHALLOW)
    white = explored.where(np.abs(explored.values["delta"] - 1) < 1e-12)
    formula = Formula("lam + (pi0 - lam)*exp(-2*t)")
    right = read_text("lam/delta + (pi0 - lam/delta)*exp(-delta*t)")
    assert tally(read_text("lam + (pi0 - lam)*exp(-t)"), "explicit", white)[0] > 0
    shown = find_mends(formula, white, confirmed)
    assert all(same(to_sympy(mend.tree), to_sympy(right)) for mend in shown)


def test_edits_keep_to_what_is_there() -> None:
    tree = read_text(LOGISTIC)
    changed = [edit(tree) for edit in edits(tree, names(tree))]
    assert len(changed) > 300
    assert all(names(one) <= names(tree) for one in changed if one is not None)
    assert sum(one == tree for one in changed) < 10


@pytest.mark.parametrize(
    "text",
    [
        "lam/2/(delta*2)*exp(2*(-lam*t))",
        "(lam/delta)/2*(-3)",
        "1 - (1 - t) + 2",
        "sqrt(exp(2*t))",
        "exp(t)**3",
        LOGISTIC,
    ],
)
def test_tidying_keeps_the_value(text: str) -> None:
    values = {"lam": np.array([0.7]), "delta": np.array([0.4]), "t": np.array([1.3]), "pi0": np.array([0.1])}
    tree = read_text(text)
    tidied = tidy(tree)
    assert evaluated(tidied, values, (1,)) == pytest.approx(evaluated(tree, values, (1,)), rel=1e-14)


def test_changes_are_shown_with_what_is_around_them() -> None:
    before = read_text("lam*exp(-lam*t) + delta")
    assert described(before, read_text("lam*exp(-2*lam*t) + delta")) == "replace exp(-lam*t) by exp(-2*lam*t)"


def test_the_search_ends_after_a_number_of_pairs_not_of_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    explored, confirmed = halves("mode", "explicit", FLOW)
    formula = Formula("(lam/delta)/(1 + (lam/(delta*pi0) + 1)*exp(-lam*t))")
    monkeypatch.setattr("linmod.verification.formulas.mends.MOST_PAIRS", 0)
    assert len(find_mends(formula, explored, confirmed)) == 0
