"""All derivations, by name."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module

from ..derivation import Derivation

FAMILIES = (
    "spectrum",
    "singular_vectors",
    "shallow",
    "two_layer",
    "hidden_vectors",
    "depth",
    "strengths",
    "descent",
    "norms",
    "modules",
    "race",
    "race_supports",
    "rules",
    "rule_stability",
    "generalisation",
    "held_out_sums",
    "scaling",
    "kernel",
)


def catalogue() -> dict[str, Derivation]:
    """Every derivation by name, in the order in which they build on each other.

    Examples
    --------
    >>> list(catalogue())[:3]
    ['spectrum', 'singular-vectors', 'shallow']
    """
    families = (import_module(f"{__package__}.{family}") for family in FAMILIES)
    return {derivation.name: derivation for family in families for derivation in family.CATALOGUE}


def derive(name: str) -> Derivation:
    """One derivation of the catalogue.

    Parameters
    ----------
    name : str
        As listed by :func:`catalogue` and by ``linmod derive``.

    Raises
    ------
    ValueError
        If there is none of this name; the message has near matches.

    Examples
    --------
    >>> derive("shallow").result
    Eq(t_half, log(-2*delta*pi0/lam + 2)/delta)
    """
    known = catalogue()
    if name not in known:
        near = get_close_matches(name, known, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
        raise ValueError(f"no derivation is called {name!r}; {hint}")
    return known[name]
