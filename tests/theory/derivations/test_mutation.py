"""Small changes of every step of every derivation: each must be rejected, or shown to say the same.

Of derivations that take long, five changes of each line are drawn. With ``LINMOD_ALL_MUTANTS=1`` in the environment
all 8,000 changes are checked, in half an hour.
"""

from __future__ import annotations

import os

import pytest

from linmod.theory.derivations import catalogue
from linmod.theory.derivations.mutation import mutants

QUICK = ("systematicity", "two-layer-opposite", "full-partition", "modular-samples", "expected-strength")
CHANGES_OF_A_LINE = None if os.environ.get("LINMOD_ALL_MUTANTS") else 5


def assert_caught(name, at_most=None, least=20):
    found = list(mutants(catalogue()[name], at_most))
    caught, same = sum(mutant.rejected for mutant in found), sum(mutant.equivalent for mutant in found)
    print(f"\n{len(found)} mutants of {name}: {caught} rejected, {same} shown equivalent")
    survivors = [f"{mutant.step}: {mutant.change}" for mutant in found if not mutant.rejected and not mutant.equivalent]
    assert not survivors
    assert caught + same == len(found) > least


@pytest.mark.parametrize("name", QUICK)
def test_mutants_are_rejected(name):
    assert_caught(name)


def test_drawn_changes_are_changes_of_every_line_and_the_same_each_time():
    whole = {(mutant.step, mutant.change) for mutant in mutants(catalogue()["zero-error"])}
    drawn, again = ([(m.step, m.change) for m in mutants(catalogue()["zero-error"], 2)] for _ in range(2))
    assert drawn == again
    assert set(drawn) < whole
    assert {step for step, _ in drawn} == {step for step, _ in whole}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(catalogue()) - set(QUICK)))
def test_mutants_of_the_other_derivations_are_rejected(name):
    assert_caught(name, CHANGES_OF_A_LINE, least=10)
