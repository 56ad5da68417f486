"""When the compositional error vanishes, and how probable that is."""

import math
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

from linmod import (
    HeldOut,
    SystematicityDataset,
    theory,
)
from linmod.theory.held_out.rank_counting import flats, spanning_sets


def _space(n_x, n_y, k_x, k_y, r=1.0, **more):
    return SystematicityDataset(n_x, n_y, k_x, k_y, r, **more)


# the condition for zero error


def _condition_violations(n_x):
    """Cases where zero error and the condition differ; and where the rank is deficient with zero error."""
    differ = deficient = cases = 0
    for n_y in range(1, n_x + 1):
        dataset = _space(n_x, n_y, 0, 0)
        for size in range(1, 2**n_x):
            for items in combinations(range(2**n_x), size):
                split = HeldOut(dataset, train=items)
                signs = dataset.X[:, items]
                projector = np.eye(n_x) - signs @ np.linalg.pinv(signs)
                error = np.max(np.abs((projector @ dataset.X[:, split.held_out])[:n_y]))
                learnable = theory.is_learnable(split)
                differ += learnable != (error < 1e-9)
                deficient += learnable and np.linalg.matrix_rank(signs) < n_x
                cases += 1
    return differ, deficient, cases


@pytest.mark.parametrize(("n_x", "deficient"), [(1, 0), (2, 0), (3, 18)])
def test_zero_error_condition(n_x, deficient):
    assert _condition_violations(n_x) == (0, deficient, n_x * (2 ** (2**n_x) - 2))


def test_zero_error_condition_with_four_sign_inputs():
    """All training sets, by the distinct sets of lines that they contain: the range depends on no more."""
    signs = _space(4, 1, 0, 0).X
    deficient = 0
    for n_y in (1, 2, 3, 4):
        dataset = _space(4, n_y, 0, 0)
        for size in range(1, 9):
            for lines in combinations(range(8), size):
                items = [2 * line if signs[0, 2 * line] > 0 else 2 * line + 1 for line in lines]
                split = HeldOut(dataset, train=items)
                chosen = signs[:, items]
                left = (np.eye(4) - chosen @ np.linalg.pinv(chosen)) @ signs
                assert theory.is_learnable(split) == (np.max(np.abs(left[:n_y])) < 1e-9)
                deficient += theory.is_learnable(split) and np.linalg.matrix_rank(chosen) < 4
    assert deficient > 0


def test_zero_error_condition_with_four_sign_inputs_sampled():
    generator = np.random.default_rng(5)
    seen = set()
    for _ in range(300):
        n_y, size = int(generator.integers(1, 5)), int(generator.integers(2, 8))
        split = HeldOut.random(_space(4, n_y, 0, 1), size, seed=int(generator.integers(2**31)))
        zero = theory.held_out_errors_at_convergence(split)["omega_y"] < 1e-18
        assert theory.is_learnable(split) == zero
        seen.add(zero)
    assert seen == {True, False}


def test_identity_inputs_forbid_zero_error():
    for n_y in (1, 2, 3):
        dataset = _space(3, n_y, 1, 0, 0.3)
        for size in range(1, 8):
            for items in combinations(range(8), size):
                split = HeldOut(dataset, train=items)
                assert not theory.is_learnable(split)
                assert theory.held_out_errors_at_convergence(split)["omega_y"] > 1e-5


# counts


def _enumerated(n_x, n_y, size):
    signs = _space(n_x, 1, 0, 0).X
    full = zero = 0
    for items in combinations(range(2**n_x), size):
        chosen = signs[:, items]
        full += np.linalg.matrix_rank(chosen) == n_x
        zero += np.linalg.norm((np.eye(n_x) - chosen @ np.linalg.pinv(chosen))[:n_y]) < 1e-9
    return Fraction(int(full), math.comb(2**n_x, size)), Fraction(int(zero), math.comb(2**n_x, size))


@pytest.mark.parametrize(("n_x", "n_y"), [(1, 1), (2, 1), (2, 2), (3, 1), (3, 2), (3, 3)])
def test_probabilities_by_enumeration(n_x, n_y):
    for size in range(1, 2**n_x + 1):
        full, zero = _enumerated(n_x, n_y, size)
        assert theory.full_rank_probability(n_x, size) == full
        assert theory.zero_error_probability(n_x, n_y, size) == zero


KNOWN = {
    (1, 1): "1",
    (2, 2): "2/3",
    (3, 3): "4/7",
    (3, 4): "32/35",
    (3, 5): "1",
    (4, 3): "0",
    (4, 4): "232/455",
    (4, 5): "76/91",
    (4, 6): "958/1001",
    (4, 7): "709/715",
    (4, 8): "2143/2145",
    (4, 9): "1",
    (40, 3): "0",
}


@pytest.mark.parametrize("case", KNOWN)
def test_full_rank_probabilities(case):
    assert theory.full_rank_probability(*case) == Fraction(KNOWN[case])


# numbers of invertible (0, 1) matrices of size 1 to 5 (OEIS A055165); of n x n signs there are 2^(2n-1) times as many
INVERTIBLE = {1: 1, 2: 6, 3: 174, 4: 22560, 5: 12514320}


@pytest.mark.parametrize("n_x", [2, 3, 4, 5, pytest.param(6, marks=pytest.mark.slow)])
def test_counts_give_the_known_numbers_of_invertible_sign_matrices(n_x):
    sets = theory.full_rank_probability(n_x, n_x) * math.comb(2**n_x, n_x)
    assert sets * math.factorial(n_x) == 2 ** (2 * n_x - 1) * INVERTIBLE[n_x - 1]


# numbers of linearly separable functions of n - 1 variables (OEIS A000609): regions of the arrangement of all lines
SEPARABLE = {2: 4, 3: 14, 4: 104, 5: 1882}


@pytest.mark.parametrize("n_x", SEPARABLE)
def test_flats_give_the_known_numbers_of_threshold_functions(n_x):
    everything = flats(n_x)
    moebius = []
    for index, flat in enumerate(everything):
        below = (
            value for value, other in zip(moebius, everything[:index], strict=False) if other.members < flat.members
        )
        moebius.append(-sum(below) if index else 1)
    assert sum(map(abs, moebius)) == SEPARABLE[n_x]


def test_every_set_of_columns_spans_one_flat():
    for n_x, size in ((3, 3), (4, 5), (5, 6)):
        assert sum(spanning_sets(n_x, size).values()) == math.comb(2**n_x, size)


def test_zero_error_is_more_probable_than_full_rank():
    for size in (3, 4, 5):
        chances = [theory.zero_error_probability(4, n_y, size) for n_y in range(5)]
        assert chances[0] == 1
        assert chances[4] == theory.full_rank_probability(4, size)
        assert sorted(chances, reverse=True) == chances
    assert theory.zero_error_probability(4, 1, 4) > theory.full_rank_probability(4, 4)


@pytest.mark.parametrize(("n_x", "size"), [(3, 3), (4, 5), (5, 7)])
def test_estimates_cover_the_exact_value(n_x, size):
    exact = float(theory.full_rank_probability(n_x, size))
    inside = 0
    for seed in range(40):
        found = theory.estimate_full_rank(n_x, size, 200, seed)
        inside += found.low <= exact <= found.high
        assert found.samples == 200
    assert inside >= 33
    narrow = theory.estimate_full_rank(n_x, size, 3000, 0, 0.999)
    assert narrow.low <= exact <= narrow.high
    assert narrow.high - narrow.low < 0.07
    replaced = float(theory.full_rank_probability(n_x, n_x)) * math.perm(2**n_x, n_x) / 2 ** (n_x * n_x)
    assert not narrow.low <= replaced <= narrow.high


# averages


@pytest.mark.parametrize("n_x", [1, 2, 3])
def test_expected_errors_by_enumeration(n_x):
    for k_x, r in ((0, 1.0), (1, 0.5), (3, 1.0), (1, 4.0)):
        for n_y in range(n_x + 1):
            dataset = _space(n_x, n_y, k_x, 1, r)
            for size in {1, 2**n_x - 2, 2**n_x - 1} - {0}:
                closed = theory.mean_compositional_error(n_x, n_y, k_x * r * r, size)
                assert closed == pytest.approx(theory.mean_held_out_errors(dataset, size)["omega_y"], abs=1e-14)
    wrong = theory.mean_compositional_error(n_x, 1, 2.0, 1)
    assert abs(wrong - theory.mean_held_out_errors(_space(n_x, 1, 1, 1), 1)["omega_y"]) > 1e-3
