r"""How probable it is that randomly chosen training items determine the compositional map, as exact fractions.

All :math:`2^n` sign columns of length n come in pairs :math:`\pm\omega`, which span :math:`2^{n-1}` lines. A *flat* is
the set of all lines inside one linear subspace that they span. The number of sets of j columns that span exactly the
subspace of a flat F follows from those of the flats below it, with c(G) the number of columns in G:

.. math:: s_j(F) = \binom{c(F)}{j} - \sum_{G \subsetneq F} s_j(G)

Everything is in integers. There are 2, 4, 12, 58, 538 and 12,364 flats for n = 1 to 6, which takes four seconds.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
from scipy.special import betaincinv

from ...datasets import sign_features
from ...problem import NoClosedForm
from ...validation import integer, real

LARGEST_EXACT = 6
CHUNK = 4096

Vector = tuple[int, ...]


@dataclass(frozen=True)
class Flat:
    """The lines inside one subspace.

    Attributes
    ----------
    members : frozenset of int
        Numbers of the lines.
    rank : int
        Dimension of the subspace.
    """

    members: frozenset[int]
    rank: int


@dataclass(frozen=True)
class FractionEstimate:
    """A probability estimated from independent samples.

    Attributes
    ----------
    probability : float
    low, high : float
        Exact confidence interval (Clopper and Pearson 1934).
    samples : int

    See Also
    --------
    estimate_full_rank : The estimate that returns it.
    """

    probability: float
    low: float
    high: float
    samples: int


def full_rank_probability(n_x: int, size: int) -> Fraction:
    r"""Return the probability that `size` different random items of :math:`2^{n_x}` have sign inputs of full rank.

    Exact for any size up to n_x = 6, and beyond where it is 0 (fewer items than n_x) or 1 (more than half of all).
    Source: "On The Specialization of Neural Modules" (Jarvis, Klein, Rosman & Saxe; ICLR 2023), held-out items, there
    by sampling.

    Parameters
    ----------
    n_x : int
        Number of sign inputs, at least 1; all patterns of them are items.
    size : int
        Number of training items, 0 to 2**n_x.

    Returns
    -------
    Fraction

    Raises
    ------
    NoClosedForm
        For larger n_x and sizes between; see :func:`estimate_full_rank`.

    See Also
    --------
    estimate_full_rank : An estimate where counting takes too long.
    zero_error_probability : Probability of zero compositional error.

    Examples
    --------
    >>> [str(full_rank_probability(3, size)) for size in range(1, 6)]
    ['0', '0', '4/7', '32/35', '1']
    >>> full_rank_probability(4, 4), full_rank_probability(4, 7)
    (Fraction(232, 455), Fraction(709, 715))
    """
    n, chosen = _arguments(n_x, size)
    if chosen < n:
        return Fraction(0)
    if chosen > 2 ** (n - 1):
        return Fraction(1)
    _feasible(n)
    whole = frozenset(range(2 ** (n - 1)))
    return Fraction(spanning_sets(n, chosen)[whole], math.comb(2**n, chosen))


def zero_error_probability(n_x: int, n_y: int, size: int) -> Fraction:
    r"""Return the probability that `size` random items determine the first n_y of n_x sign outputs for all other items.

    That all unit vectors :math:`e_1, \ldots, e_{n_y}` lie in the range of the training items' sign inputs (see
    :func:`is_learnable`); it is above :func:`full_rank_probability` for n_y < n_x. Exact up to n_x = 6.

    Parameters
    ----------
    n_x, n_y : int
        Numbers of sign inputs and outputs, n_y <= n_x.
    size : int
        Number of training items.

    Returns
    -------
    Fraction

    See Also
    --------
    full_rank_probability : Probability of full rank, a sufficient condition.

    Examples
    --------
    >>> [str(zero_error_probability(3, n_y, 2)) for n_y in (0, 1, 2)]
    ['1', '2/7', '0']
    """
    n, chosen = _arguments(n_x, size)
    if integer("n_y", n_y) > n:
        raise ValueError(f"n_y must be at most n_x={n}, got {n_y}")
    _feasible(n)
    counts = spanning_sets(n, chosen)
    good = sum(count for members, count in counts.items() if count and all(_spans(n, members, i) for i in range(n_y)))
    return Fraction(good, math.comb(2**n, chosen))


def estimate_full_rank(n_x: int, size: int, samples: int, seed: int, confidence: float = 0.95) -> FractionEstimate:
    """Estimate :func:`full_rank_probability` from random sets of items.

    Parameters
    ----------
    n_x, size : int
        As for :func:`full_rank_probability`; n_x up to 20.
    samples : int
    seed : int
    confidence : float, default 0.95
        Coverage of the interval.

    Returns
    -------
    FractionEstimate

    See Also
    --------
    full_rank_probability : The exact value.

    Examples
    --------
    >>> found = estimate_full_rank(7, 9, samples=400, seed=0)
    >>> found.low < found.probability < found.high
    True
    """
    n, chosen = _arguments(n_x, size)
    if n > 20:
        raise ValueError(f"n_x must be at most 20, got {n}")
    total = integer("samples", samples, 1)
    level = real("confidence", confidence, positive=True)
    if level >= 1:
        raise ValueError(f"confidence must be below 1, got {level}")
    generator = np.random.default_rng(integer("seed", seed))
    signs = sign_features(n, tuple(range(n)))
    hits = 0
    for start in range(0, total, CHUNK):
        draws = [generator.choice(2**n, chosen, replace=False, shuffle=False) for _ in range(min(CHUNK, total - start))]
        columns = signs[:, np.array(draws)].swapaxes(0, 1)
        hits += int(np.sum(np.linalg.matrix_rank(columns) == n)) if chosen else 0
    return FractionEstimate(hits / total, *_exact_interval(hits, total, level), total)


def _exact_interval(hits: int, total: int, level: float) -> tuple[float, float]:
    """Return the interval of Clopper and Pearson for a fraction."""
    tail = (1 - level) / 2
    low = float(betaincinv(hits, total - hits + 1, tail)) if hits else 0.0
    return low, float(betaincinv(hits + 1, total - hits, 1 - tail)) if hits < total else 1.0


@cache
def flats(n_x: int) -> tuple[Flat, ...]:
    """Return all flats of the sign columns of length n_x, in order of rank, from the empty one to the whole.

    Examples
    --------
    >>> [len(flats(n)) for n in (1, 2, 3, 4)]
    [2, 4, 12, 58]
    """
    columns = _columns(integer("n_x", n_x, 1))
    level: set[frozenset[int]] = {frozenset()}
    found = [Flat(frozenset(), 0)]
    for rank in range(1, n_x + 1):
        level = {cover for members in level for cover in _covers(members, columns)}
        found += [Flat(members, rank) for members in sorted(level, key=sorted)]
    return tuple(found)


@cache
def spanning_sets(n_x: int, size: int) -> dict[frozenset[int], int]:
    """Return, for each flat, how many sets of `size` sign columns span exactly its subspace.

    Examples
    --------
    >>> counts = spanning_sets(2, 2)
    >>> sorted(counts.values())
    [0, 1, 1, 4]
    """
    everything = flats(n_x)
    masks = np.array([sum(1 << line for line in flat.members) for flat in everything], dtype=np.uint64)
    counts: list[int] = []
    for index, flat in enumerate(everything):
        below = np.flatnonzero((masks[:index] & ~masks[index]) == 0)
        counts.append(math.comb(2 * len(flat.members), size) - sum(counts[i] for i in below.tolist()))
    return {flat.members: count for flat, count in zip(everything, counts, strict=True)}


def _covers(members: frozenset[int], columns: list[Vector]) -> list[frozenset[int]]:
    """Return the flats of one higher rank: two lines outside share a flat if they differ by a line inside."""
    basis: list[Vector] = []
    for line in sorted(members):
        left = _reduced(columns[line], basis)
        if any(left):
            basis.append(left)
    together: dict[Vector, list[int]] = defaultdict(list)
    for line, column in enumerate(columns):
        if line not in members:
            together[_reduced(column, basis)].append(line)
    return [members | frozenset(lines) for lines in together.values()]


def _reduced(column: Vector, basis: list[Vector]) -> Vector:
    """Return the remainder of a column after integer elimination by the basis, as a primitive vector of fixed sign."""
    for row in basis:
        pivot = next(i for i, value in enumerate(row) if value)
        if column[pivot]:
            column = tuple(row[pivot] * c - column[pivot] * r for c, r in zip(column, row, strict=True))
    lead = next((value for value in column if value), 0)
    divisor = math.gcd(*column) * (1 if lead > 0 else -1)
    return tuple(value // divisor for value in column) if lead else column


@cache
def _spans(n_x: int, members: frozenset[int], bit: int) -> bool:
    """Return whether the unit vector of a sign feature lies in the span of a flat."""
    columns = _columns(n_x)
    basis: list[Vector] = []
    for line in sorted(members):
        left = _reduced(columns[line], basis)
        if any(left):
            basis.append(left)
    return not any(_reduced(tuple(int(i == bit) for i in range(n_x)), basis))


@cache
def _columns(n_x: int) -> list[Vector]:
    """Return one sign column of each line: those that begin with +1."""
    rows = sign_features(n_x, tuple(range(n_x))).astype(int).T.tolist()
    return [tuple(row) for row in rows if row[0] == 1]


def _arguments(n_x: int, size: int) -> tuple[int, int]:
    n = integer("n_x", n_x, 1)
    if integer("size", size) > 2**n:
        raise ValueError(f"size must be at most the number of items 2**n_x = {2**n}, got {size}")
    return n, int(size)


def _feasible(n_x: int) -> None:
    if n_x > LARGEST_EXACT:
        raise NoClosedForm(
            f"exact counting is feasible up to n_x={LARGEST_EXACT}, not for n_x={n_x}; see estimate_full_rank"
        )
