"""Small changes of every step of every derivation: each must be rejected, or shown to say the same."""

from __future__ import annotations

import pytest

from linmod.theory.derivations import catalogue
from linmod.theory.derivations.mutation import mutants

QUICK = ("systematicity", "two-layer-opposite", "full-partition", "modular-samples", "expected-strength")


def assert_caught(name):
    found = list(mutants(catalogue()[name]))
    caught, same = sum(mutant.rejected for mutant in found), sum(mutant.equivalent for mutant in found)
    print(f"\n{len(found)} mutants of {name}: {caught} rejected, {same} shown equivalent")
    survivors = [f"{mutant.step}: {mutant.change}" for mutant in found if not mutant.rejected and not mutant.equivalent]
    assert not survivors
    assert caught + same == len(found) > 20


@pytest.mark.parametrize("name", QUICK)
def test_mutants_are_rejected(name):
    assert_caught(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(catalogue()) - set(QUICK)))
def test_mutants_of_the_other_derivations_are_rejected(name):
    assert_caught(name)
