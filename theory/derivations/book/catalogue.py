"""All derivations by name. The list loads none of them; each derivation is built on first use."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ..derivation import Derivation


class Entry(NamedTuple):
    """Name, module, title and number of steps of a derivation."""

    name: str
    family: str
    title: str
    steps: int


ENTRIES = (
    Entry("spectrum", "spectrum", "Correlations of the dataset space and their four classes of modes", 24),
    Entry("singular-vectors", "singular_vectors", "Singular vectors of the dataset correlations", 6),
    Entry("shallow", "shallow", "Shallow network: each mode relaxes exponentially", 5),
    Entry("two-layer-modes", "two_layer", "Two layers: the flow decouples into modes", 2),
    Entry("two-layer", "two_layer", "Two layers, balanced start: each mode follows a logistic curve", 7),
    Entry("two-layer-opposite", "two_layer", "Two layers, opposite start: the mode ends in the saddle", 3),
    Entry(
        "two-layer-vectors",
        "hidden_vectors",
        "Two layers, any hidden vectors: the conserved product and the Riccati equation",
        14,
    ),
    Entry("depth", "depth", "Any depth: the time to reach a strength, by separation of variables", 6),
    Entry("depth-special", "depth", "One to four layers, and the limits of zero correlation", 8),
    Entry("initial-strength", "strengths", "Small random weights: the strength with which a mode starts", 6),
    Entry(
        "later-modes",
        "strengths",
        "Equal and later modes: eigenvalues of overlaps, and the projection onto free hidden directions",
        2,
    ),
    Entry("expected-strength", "strengths", "Expected initial strength of Gaussian weights", 2),
    Entry("shallow-descent", "descent", "Shallow network: the exact map of gradient descent and its largest step", 4),
    Entry("two-layer-descent", "descent", "Two layers: the map of gradient descent and its largest step", 8),
    Entry("block-norms", "norms", "Frobenius norms of the blocks of the input-output map", 6),
    Entry("aligned-loss", "norms", "Loss of a map that is diagonal in the modes", 1),
    Entry("systematicity", "norms", "The systematicity ratio and its limits", 5),
    Entry("output-split", "modules", "Output split: modules that share the inputs and write different outputs", 5),
    Entry("full-partition", "modules", "Full partition: modules with separate inputs and outputs", 6),
    Entry("leak", "modules", "Imperfect partition: identities leak into the module of the signs", 5),
    Entry("race", "race", "The race of two pathways for one output: its invariant and its end", 7),
    Entry("race-winner", "race", "The winner of the race from small weights", 5),
    Entry("race-deep", "race", "The race of deeper pathways", 3),
    Entry("race-supports", "race_supports", "The race of pathways with different outputs", 11),
    Entry(
        "learning-rules",
        "rules",
        "Contrastive and Hebbian terms: reduction to one mode, and growth from small weights",
        6,
    ),
    Entry("rule-fixed-points", "rules", "Hebbian term: fixed point, stability and the slow approach", 7),
    Entry(
        "iterated-learning", "rules", "Iterated learning: one fixed point, and a threshold that is not a fixed point", 5
    ),
    Entry("rule-transverse", "rule_stability", "Contrastive term: the return to the learned map", 3),
    Entry("rule-mixtures", "rule_stability", "Contrastive and Hebbian terms together: stability and the slow drift", 7),
    Entry("rule-slow-time", "rule_stability", "Hebbian term: duration of the slow drift", 2),
    Entry("held-out", "generalisation", "Error on held-out items: the identity blocks act as a ridge", 4),
    Entry("held-out-course", "generalisation", "Error on held-out items over time, and with one item held out", 6),
    Entry("zero-error", "generalisation", "When the held-out error of a wanted feature is zero", 2),
    Entry("held-out-one-trained", "held_out_sums", "Mean held-out error after training on one item", 7),
    Entry("held-out-two-held", "held_out_sums", "Mean held-out error with two items held out", 4),
    Entry("expected-loss", "scaling", "Expected losses with fewer parameters than data", 6),
    Entry("over-parameterised", "scaling", "More parameters than data: the usual formula needs equal eigenvalues", 4),
    Entry("optimal-size", "scaling", "Optimal size of a model, and the samples needed for a loss", 8),
    Entry("modular-samples", "scaling", "Modules with a known projection: samples in proportion to their number", 2),
    Entry("kernel-gradient", "kernel", "Gradient of the kernel objective", 3),
    Entry("kernel-linear", "kernel", "The kernel objective of linear modules is a Rayleigh quotient", 6),
)
"""In the order in which they build on each other."""


def catalogue() -> dict[str, Derivation]:
    """Every derivation by name, in the order in which they build on each other.

    Returns
    -------
    dict of str to Derivation

    See Also
    --------
    derive : One derivation, without building the others.

    Examples
    --------
    >>> list(catalogue())[:3]
    ['spectrum', 'singular-vectors', 'shallow']
    """
    return {entry.name: _built(entry) for entry in ENTRIES}


def derive(name: str) -> Derivation:
    """One derivation of the catalogue.

    Parameters
    ----------
    name : str
        As listed by :func:`catalogue` and by ``linmod derive``.

    Returns
    -------
    Derivation

    Raises
    ------
    ValueError
        If there is none of this name; the message has near matches.

    See Also
    --------
    catalogue : All of them.

    Examples
    --------
    >>> derive("shallow").result
    Eq(t_half, log(-2*delta*pi0/lam + 2)/delta)
    """
    known = {entry.name: entry for entry in ENTRIES}
    if name not in known:
        near = get_close_matches(name, known, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
        raise ValueError(f"no derivation is called {name!r}; {hint}")
    return _built(known[name])


def _built(entry: Entry) -> Derivation:
    family = import_module(f"{__package__}.{entry.family}")
    found: dict[str, Derivation] = {derivation.name: derivation for derivation in family.CATALOGUE}
    return found[entry.name]
