"""From the actual initial weights of a two-layer network to the gains of its modes under a learning rule."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.linalg import block_diag

from ...problem import Rule, Weights
from ...validation import FloatArray, instance
from ..dense.strengths import DECOUPLED, INDEPENDENT, SMALL, SMALL_STRENGTH, is_decoupled
from ..growth import growth_direction, learning_order
from ..spectrum import Spectrum


@dataclass(frozen=True, eq=False)
class InitialGains:
    """Hidden vectors with which the modes of a two-layer network start.

    Attributes
    ----------
    a, b : ndarray, shape (components, modes)
        Hidden vectors of each mode, in a separate basis for each mode.
    rotation : ndarray, shape (modes, modes)
        Orthogonal; its columns are the directions, within each class of equal modes, that a and b refer to.
    idle : ndarray, shape (modes, input features)
        Weights from inputs without data to the hidden direction of each mode; zero unless for a small start.
    directions : ndarray, shape (hidden, modes)
        Hidden direction of each mode, orthonormal; no columns unless for a small start.
    method : str
        How they were obtained: ``"decoupled"`` (exact), ``"small start"`` or ``"independent modes"``.

    See Also
    --------
    initial_gains : Obtain them from initial weights.
    """

    a: FloatArray
    b: FloatArray
    rotation: FloatArray
    idle: FloatArray
    directions: FloatArray
    method: str


def initial_gains(
    spectrum: Spectrum, U: FloatArray, V: FloatArray, weights: Weights, rule: Rule, idle_inputs: FloatArray
) -> InitialGains:
    r"""Return the effective hidden vectors of all modes at the start of training under a rule.

    The hidden vectors of a mode are :math:`a = W_1 v` and :math:`b = W_2^\top u`. From a small start the part
    :math:`w = p\,a + q\,b` of them in the growing direction (p, q) (see :func:`growth_direction`) is all that
    matters. Classes are learned in order of their growth rate; each can only use hidden directions that are
    orthogonal to those of all faster ones. So the singular values s of the w of a class, after projection, give the
    gains (p s, q s). Exact as the initial weights tend to zero; for the gradient alone it is the Gram matrix of
    :func:`initial_strengths`, with p = q.

    Hidden directions in use are closed to a slower mode c as long as its growth in them, the larger eigenvalue of

    .. math:: \begin{pmatrix} \nabla(\delta_c - \delta a^2) - \delta_c b^2 & \lambda_c \\
              \lambda_c & \gamma(\sigma_c - \sigma) - \delta a^2 \end{pmatrix}

    with a, b, delta, sigma those of the faster mode, is below its growth rate elsewhere.

    Parameters
    ----------
    spectrum : Spectrum
    U, V : ndarray, shapes (output features, modes) and (input features, modes)
        Singular vectors of the learnable modes, in class order.
    weights : tuple of two ndarrays
    rule : Rule
    idle_inputs : ndarray, shape (input features, input features)
        Projection on the inputs without data.

    Returns
    -------
    InitialGains

    See Also
    --------
    initial_strengths : The same for the gradient alone.
    rule_descent : The course of learning from these gains.

    Examples
    --------
    >>> from linmod import Deep, Rule, SmallRandom, SystematicityDataset
    >>> from linmod.theory import singular_vectors, spectrum
    >>> dataset = SystematicityDataset(n_x=1, n_y=1, k_x=1, k_y=1)
    >>> weights = SmallRandom(1e-4).weights(Deep(hidden=4), dataset)
    >>> start = initial_gains(spectrum(dataset), *singular_vectors(dataset), weights,
    ...                     Rule.contrastive_hebbian(), np.zeros((3, 3)))
    >>> start.method, (start.b / start.a).round(3)
    ('small start', array([[1.618, 1.618]]))
    """
    instance("rule", rule, (Rule,))
    a, b = weights[0] @ V, weights[1].T @ U
    unrotated = np.eye(a.shape[1]), np.zeros(V.T.shape), np.zeros((len(a), 0))
    if is_decoupled(a, b, U, V, weights):
        return InitialGains(*_in_a_plane(a, b), *unrotated, DECOUPLED)
    small_a, small_b, rotation, directions, decaying = _small_start(spectrum, a, b, rule)
    largest = np.maximum(np.sum(small_a * small_b, axis=0), decaying)
    if np.any(largest > SMALL_STRENGTH * spectrum.per_mode("pi_star")):
        return InitialGains(*_in_a_plane(a, b), *unrotated, INDEPENDENT)
    return InitialGains(small_a, small_b, rotation, directions.T @ weights[0] @ idle_inputs, directions, SMALL)


def _small_start(
    spectrum: Spectrum, a: FloatArray, b: FloatArray, rule: Rule
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return gains in the growing direction (1, modes), rotation, hidden directions and squared lengths that decay."""
    stops = np.cumsum([0, *(mode_class.count for mode_class in spectrum.learnable)])
    blocks = {c.name: slice(*span) for c, span in zip(spectrum.learnable, pairwise(stops), strict=True)}
    first, second = np.zeros((1, a.shape[1])), np.zeros((1, a.shape[1]))
    rotations = {name: np.zeros((0, 0)) for name in blocks}
    occupied, directions = np.zeros((len(a), 0)), np.zeros_like(a)
    decaying = np.zeros(a.shape[1])
    for name in learning_order(spectrum, rule):
        mode_class, block = spectrum[name], blocks[name]
        p, q = growth_direction(mode_class.lam, mode_class.delta, mode_class.sigma, rule)
        growing = p * a[:, block] + q * b[:, block]
        decaying[block] = np.sum((q * a[:, block] - p * b[:, block]) ** 2, axis=0)
        free = growing - occupied @ (occupied.T @ growing)
        directions[:, block], lengths, rotation = np.linalg.svd(free, full_matrices=False)
        first[0, block], second[0, block], rotations[name] = p * lengths, q * lengths, rotation.T
        occupied = np.concatenate([occupied, directions[:, block][:, lengths > 0]], axis=1)
    return first, second, block_diag(np.zeros((0, 0)), *rotations.values()), directions, decaying


def _in_a_plane(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the same pairs of hidden vectors, each in a plane with a along the first axis; shape (2, modes)."""
    length = np.linalg.norm(a, axis=0)
    along = np.divide(np.sum(a * b, axis=0), length, out=np.zeros_like(length), where=length > 0)
    across = np.sqrt(np.maximum(np.sum(b * b, axis=0) - along**2, 0.0))
    return np.stack([length, np.zeros_like(length)]), np.stack([along, across])
