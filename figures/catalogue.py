"""The catalogue of claims, in the order in which they build on each other."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from ..claims import Claim
from .dense import DENSE_DEEP, DENSE_SHALLOW
from .depth import DEPTH
from .generalisation import FULL_RANK, HELD_OUT_SIZE, MOTIVATING
from .limits import INITIAL_SCALE, STEP_SIZE
from .modules import FULLY_PARTITIONED, LEAK, OUTPUT_SPLIT
from .phase import RATIO_PHASES, TIME_PHASES
from .race import RACE
from .rule_order import RULE_ORDER
from .rules import RULES
from .space import ALIGNED, SPECTRUM, SYSTEMATICITY

CATALOGUE: tuple[Claim, ...] = (
    SPECTRUM,
    ALIGNED,
    DENSE_DEEP,
    DENSE_SHALLOW,
    INITIAL_SCALE,
    STEP_SIZE,
    SYSTEMATICITY,
    DEPTH,
    OUTPUT_SPLIT,
    FULLY_PARTITIONED,
    LEAK,
    RACE,
    RULES,
    RULE_ORDER,
    MOTIVATING,
    HELD_OUT_SIZE,
    FULL_RANK,
    RATIO_PHASES,
    TIME_PHASES,
)


def select(names: Iterable[str]) -> tuple[Claim, ...]:
    """Claims by name, in the catalogue's order; all of them when no name is given.

    Raises
    ------
    ValueError
        For an unknown name, with the nearest known ones.

    Examples
    --------
    >>> [claim.name for claim in select(["dense-deep"])]
    ['dense-deep']
    """
    wanted = list(names)
    known = [claim.name for claim in CATALOGUE]
    for name in wanted:
        if name not in known:
            near = difflib.get_close_matches(name, known) or known
            raise ValueError(f"claim name must be one of the catalogue, got {name!r}; near it: {', '.join(near)}")
    return tuple(claim for claim in CATALOGUE if not wanted or claim.name in wanted)
