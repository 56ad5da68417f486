"""Groups of the catalogue's claims, and claims by name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .listing import CATALOGUE, IMAGES, SCALING, SPECIALIZATION

if TYPE_CHECKING:
    from ..verification.claims import Claim

GROUPS: dict[str, tuple[str, ...]] = {
    "specialization": tuple(entry.name for entry in SPECIALIZATION),
    "scaling": tuple(entry.name for entry in SCALING),
    "images": tuple(entry.name for entry in IMAGES),
}
"""Names that stand for all claims of one paper, or all that need torch."""


def select(names: Iterable[str]) -> tuple[Claim, ...]:
    """Load claims by name or group, in the order of the catalogue; all claims if no name is given.

    Only the modules of these claims are imported.

    Parameters
    ----------
    names : iterable of str
        Names of claims or of groups, ``"specialization"``, ``"scaling"`` or ``"images"``.

    Returns
    -------
    tuple of Claim

    Raises
    ------
    ValueError
        For an unknown name, with the nearest known ones.

    See Also
    --------
    Entry : The description of a claim in the catalogue, without import.

    Examples
    --------
    >>> [claim.name for claim in select(["dense-deep"])]
    ['dense-deep']
    >>> "module-finding" in [claim.name for claim in select(["scaling"])]
    True
    """
    wanted = [claim for name in names for claim in GROUPS.get(name, (name,))]
    known = [entry.name for entry in CATALOGUE]
    for name in wanted:
        if name not in known:
            near = difflib.get_close_matches(name, [*GROUPS, *known]) or [*GROUPS, *known]
            raise ValueError(f"claim name must be one of the catalogue, got {name!r}; near it: {', '.join(near)}")
    return tuple(entry.load() for entry in CATALOGUE if not wanted or entry.name in wanted)
