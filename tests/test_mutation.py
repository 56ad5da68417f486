"""Small changes of every step of every derivation: each must be rejected, or shown to say the same."""

from __future__ import annotations

import pytest

from linmod.theory.derivations import catalogue
from linmod.theory.derivations.mutation import mutants

QUICK = ("systematicity", "two-layer-opposite", "full-partition", "modular-samples", "expected-strength")


def assert_caught(names):
    found = [(name, mutant) for name in names for mutant in mutants(catalogue()[name])]
    caught = sum(mutant.rejected for _, mutant in found)
    same = sum(mutant.equivalent for _, mutant in found)
    print(f"\n{len(found)} mutants of {len(names)} derivations: {caught} rejected, {same} shown equivalent")
    survivors = [
        f"{name}, {mutant.step}: {mutant.change}"
        for name, mutant in found
        if not mutant.rejected and not mutant.equivalent
    ]
    assert not survivors
    assert caught + same == len(found) > 20 * len(names)


def test_mutants_of_a_few_derivations_are_rejected():
    assert_caught(QUICK)


@pytest.mark.slow
def test_mutants_of_all_derivations_are_rejected():
    assert_caught(tuple(catalogue()))
