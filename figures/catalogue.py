"""The catalogue of claims, in the order in which they build on each other."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from ..verification.claims import Claim
from .images.coverage import IMAGE_COVERAGE
from .images.modules import IMAGE_MODULES
from .images.norms import IMAGE_NORMS
from .images.order import IMAGE_ORDER
from .images.split import IMAGE_SPLIT
from .images.torch_linear import TORCH_LINEAR
from .scaling.double_descent import DOUBLE_DESCENT, FEATURE_COVARIANCE
from .scaling.early_stopping import EARLY_STOPPING
from .scaling.known_directions import KNOWN_DIRECTIONS
from .scaling.linear_modules import LINEAR_MODULES
from .scaling.module_finding import MODULE_FINDING
from .scaling.module_mixture import MODULE_MIXTURE
from .scaling.module_samples import MODULE_SAMPLES
from .scaling.sample_complexity import LOSS_TRENDS, SAMPLE_COMPLEXITY
from .scaling.sample_criteria import SAMPLE_CRITERIA
from .specialization.dense import DENSE_DEEP, DENSE_SHALLOW
from .specialization.depth import DEPTH
from .specialization.generalisation import FULL_RANK, HELD_OUT_SIZE, MOTIVATING
from .specialization.limits import INITIAL_SCALE, STEP_SIZE
from .specialization.modules import FULLY_PARTITIONED, LEAK, OUTPUT_SPLIT
from .specialization.phase import RATIO_PHASES, TIME_PHASES
from .specialization.race import RACE
from .specialization.rule_order import RULE_ORDER
from .specialization.rules import RULES
from .specialization.space import ALIGNED, SPECTRUM, SYSTEMATICITY

SPECIALIZATION: tuple[Claim, ...] = (
    SPECTRUM,
    ALIGNED,
    DENSE_DEEP,
    DENSE_SHALLOW,
    INITIAL_SCALE,
    STEP_SIZE,
    DEPTH,
    SYSTEMATICITY,
    RATIO_PHASES,
    TIME_PHASES,
    OUTPUT_SPLIT,
    FULLY_PARTITIONED,
    LEAK,
    RACE,
    RULES,
    RULE_ORDER,
    MOTIVATING,
    HELD_OUT_SIZE,
    FULL_RANK,
)
SCALING: tuple[Claim, ...] = (
    DOUBLE_DESCENT,
    FEATURE_COVARIANCE,
    EARLY_STOPPING,
    LOSS_TRENDS,
    SAMPLE_COMPLEXITY,
    SAMPLE_CRITERIA,
    KNOWN_DIRECTIONS,
    LINEAR_MODULES,
    MODULE_MIXTURE,
    MODULE_FINDING,
    MODULE_SAMPLES,
)

IMAGES: tuple[Claim, ...] = (TORCH_LINEAR, IMAGE_ORDER, IMAGE_SPLIT, IMAGE_COVERAGE, IMAGE_NORMS, IMAGE_MODULES)

CATALOGUE: tuple[Claim, ...] = (*SPECIALIZATION, *SCALING, *IMAGES)

GROUPS: dict[str, tuple[str, ...]] = {
    "specialization": tuple(claim.name for claim in SPECIALIZATION),
    "scaling": tuple(claim.name for claim in SCALING),
    "images": tuple(claim.name for claim in IMAGES),
}
"""Names that stand for all claims of one paper, or all that need torch."""


def select(names: Iterable[str]) -> tuple[Claim, ...]:
    """Claims by name or group, in the catalogue's order; all of them when no name is given.

    Raises
    ------
    ValueError
        For an unknown name, with the nearest known ones.

    Examples
    --------
    >>> [claim.name for claim in select(["dense-deep"])]
    ['dense-deep']
    >>> len(select(["scaling"]))
    11
    """
    wanted = [claim for name in names for claim in GROUPS.get(name, (name,))]
    known = [claim.name for claim in CATALOGUE]
    for name in wanted:
        if name not in known:
            near = difflib.get_close_matches(name, [*GROUPS, *known]) or [*GROUPS, *known]
            raise ValueError(f"claim name must be one of the catalogue, got {name!r}; near it: {', '.join(near)}")
    return tuple(claim for claim in CATALOGUE if not wanted or claim.name in wanted)
