"""Combinations of classes over several places, some of which training shows and all others are held out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..validation import integer, real

Numbers = NDArray[np.int64]
Entry = TypeVar("Entry", bound=np.generic)

MOST_LISTED = 2**20
"""Combinations that are kept in a list at most: those seen, and all of them when labels are shuffled."""

BLOCK = 1024
"""Samples that are drawn from one random stream, at least."""


@dataclass(frozen=True)
class Combinations:
    r"""One of C classes at each of K places, :math:`C^K` combinations.

    The number of a combination has its classes as digits to base C, the first place first. Those seen are C random
    combinations that show every class at every place exactly once, and a uniform choice of the others.

    Parameters
    ----------
    classes : int
        C >= 2.
    places : int
        K >= 1.
    seen : int or float, default 0.5
        How many of the combinations training shows, from C to all; or which share of them.
    seed : int, default 0

    Raises
    ------
    TypeError, ValueError
        If a number is out of range, if too few combinations are seen for every class to occur at every place, or too
        many to be listed (2**20).

    See Also
    --------
    CompositionalImages : Adjacent images, whose labels have these combinations.

    Examples
    --------
    >>> combinations = Combinations(classes=10, places=3, seen=400)
    >>> combinations.n_combinations, len(combinations.seen_numbers), combinations.n_unseen
    (1000, 400, 600)
    >>> combinations.classes_of([7, 815])
    array([[0, 0, 7],
           [8, 1, 5]])
    """

    classes: int
    places: int
    seen: int | float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        for name, minimum in (("classes", 2), ("places", 1), ("seed", 0)):
            object.__setattr__(self, name, integer(name, getattr(self, name), minimum))
        if self.n_combinations >= 2**62:
            raise ValueError(f"places must leave fewer than 2**62 combinations, got {self.classes}**{self.places}")
        if not self.classes <= self.n_seen <= self.n_combinations:
            raise ValueError(
                f"seen must be from {self.classes}, so that every class is seen at every place, to all "
                f"{self.n_combinations} combinations, got {self.seen!r}, {self.n_seen} combinations"
            )
        if self.n_seen > MOST_LISTED:
            raise ValueError(f"seen must be at most {MOST_LISTED} combinations, got {self.n_seen}")

    @property
    def n_combinations(self) -> int:
        """Number of all combinations, C**K."""
        return math.prod([self.classes] * self.places)

    @property
    def n_seen(self) -> int:
        """Number of combinations that training shows."""
        if isinstance(self.seen, float | np.floating):
            return round(real("seen", self.seen, 0.0) * self.n_combinations)
        return integer("seen", self.seen, 1)

    @property
    def n_unseen(self) -> int:
        """Number of combinations that training never shows."""
        return self.n_combinations - self.n_seen

    @cached_property
    def seen_numbers(self) -> Numbers:
        """Numbers of the combinations that training shows, increasing."""
        generator = np.random.default_rng([self.seed, 1])
        cover = np.sort(self.number_of(np.array([generator.permutation(self.classes) for _ in range(self.places)]).T))
        others = generator.choice(
            self.n_combinations - self.classes, self.n_seen - self.classes, replace=False, shuffle=False
        )
        return np.sort(np.concatenate([cover, _skipping(cover, others)]))

    def classes_of(self, numbers: Numbers) -> Numbers:
        """Return the class at each place, shape (combinations, K)."""
        powers = self.classes ** np.arange(self.places - 1, -1, -1, dtype=np.int64)
        return np.asarray(np.asarray(numbers)[:, None] // powers % self.classes)

    def number_of(self, classes: Numbers) -> Numbers:
        """Return the numbers of combinations, given the class at each place, shape (combinations, K)."""
        powers = self.classes ** np.arange(self.places - 1, -1, -1, dtype=np.int64)
        return np.asarray(classes @ powers)

    def draw_seen(self, stream: int, count: int, start: int = 0) -> Numbers:
        """Return the numbers of combinations for samples `start` to ``start + count``; a pass shows each seen one once.

        The stream, at least 3, tells draws apart that have the same seed.
        """
        passes = np.tile(self.seen_numbers, (-(-BLOCK // self.n_seen), 1))
        return in_blocks(
            lambda block: np.random.default_rng([self.seed, stream, block]).permuted(passes, axis=1).ravel(),
            count,
            start,
            passes.size,
        )

    def draw_unseen(self, stream: int, count: int, start: int = 0) -> Numbers:
        """Return the numbers of combinations for samples `start` to ``start + count``, uniform among unseen ones."""
        ranks = in_blocks(
            lambda block: np.random.default_rng([self.seed, stream, block]).integers(self.n_unseen, size=BLOCK),
            count,
            start,
        )
        return _skipping(self.seen_numbers, ranks)

    @cached_property
    def exchanged(self) -> Numbers:
        """For each number that of another combination: one random cycle through all seen, one through all unseen.

        Raises
        ------
        ValueError
            If there are too many combinations to list, or a single one is unseen, which has no other to exchange with.
        """
        if self.n_combinations > MOST_LISTED or self.n_unseen == 1:
            raise ValueError(
                f"combinations can be exchanged when there are at most {MOST_LISTED} and not a single one is unseen, "
                f"got {self.n_combinations}, {self.n_unseen} of them unseen"
            )
        generator = np.random.default_rng([self.seed, 2])
        other = np.empty(self.n_combinations, dtype=np.int64)
        for group in (self.seen_numbers, _skipping(self.seen_numbers, np.arange(self.n_unseen))):
            order = generator.permutation(group)
            other[order] = np.roll(order, 1)
        return other


def in_blocks(draw: Callable[[int], NDArray[Entry]], count: int, start: int = 0, length: int = BLOCK) -> NDArray[Entry]:
    """Return entries `start` to ``start + count`` of a sequence whose blocks of a given length are drawn by number."""
    first = start // length
    blocks = [draw(block) for block in range(first, (start + count - 1) // length + 1)]
    return np.concatenate(blocks)[start - first * length :][:count]


def _skipping(taken: Numbers, ranks: Numbers) -> Numbers:
    """Return the numbers of the given ranks among all that are not `taken`, which is increasing."""
    return np.asarray(ranks + np.searchsorted(taken - np.arange(len(taken)), ranks, side="right"))
