"""The catalogue of claims, in the order in which they build on each other."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from ..claims import Claim
from .dense import DENSE_DEEP, DENSE_SHALLOW
from .limits import INITIAL_SCALE, STEP_SIZE
from .module_finding import MODULE_FINDING
from .module_mixture import MODULE_MIXTURE
from .module_samples import MODULE_SAMPLES
from .space import ALIGNED, SPECTRUM, SYSTEMATICITY

CATALOGUE: tuple[Claim, ...] = (
    SPECTRUM,
    ALIGNED,
    DENSE_DEEP,
    DENSE_SHALLOW,
    INITIAL_SCALE,
    STEP_SIZE,
    SYSTEMATICITY,
    MODULE_MIXTURE,
    MODULE_FINDING,
    MODULE_SAMPLES,
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
