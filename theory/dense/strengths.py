"""From the actual initial weights of a two-layer network to the initial strengths of its modes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.linalg import block_diag

from ...problem import Rule, Weights
from ...validation import FloatArray
from ..growth import class_growth_rate
from ..spectrum import Spectrum

SMALL_STRENGTH = 0.03
DECOUPLED, SMALL, INDEPENDENT = "decoupled", "small start", "independent modes"
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class InitialStrengths:
    r"""Where the modes of a two-layer network start.

    Attributes
    ----------
    y0, z0 : ndarray, shape (modes,)
        Squared lengths of a + b and of a - b, for the hidden vectors a and b of each mode; the strength is
        :math:`\pi_0 = (y_0 - z_0)/4`.
    rotation : ndarray, shape (modes, modes)
        Orthogonal; its columns are the directions, within each class of equal modes, that the entries of y0
        and z0 refer to.
    method : str
        How they were obtained: ``"decoupled"`` (exact), ``"small start"`` or ``"independent modes"``.
    directions : ndarray, shape (hidden, modes)
        Hidden direction in which each mode grows from a small start; zero otherwise.

    See Also
    --------
    initial_strengths : Obtain them from initial weights.
    """

    y0: FloatArray
    z0: FloatArray
    rotation: FloatArray
    method: str
    directions: FloatArray

    @property
    def pi0(self) -> FloatArray:
        """Initial effective singular values, shape (modes,)."""
        return (self.y0 - self.z0) / 4


def initial_strengths(spectrum: Spectrum, U: FloatArray, V: FloatArray, weights: Weights) -> InitialStrengths:
    r"""Return the effective initial strengths of the modes of a two-layer network, from its initial weights.

    The hidden vectors of mode :math:`\alpha` are :math:`a_\alpha = W_1 v_\alpha` and
    :math:`b_\alpha = W_2^\top u_\alpha`. While all strengths are small, :math:`w_\alpha = (a_\alpha + b_\alpha)/2`
    grows as :math:`e^{\lambda t}` and :math:`(a_\alpha - b_\alpha)/2` decays. Three cases:

    - *decoupled*: the pairs (a, b) of different modes are orthogonal and nothing lies outside the modes. Then
      each mode follows the vector equations of :func:`two_layer_vector_flow` exactly.
    - *small start*: classes are learned in order of decreasing lambda. A class that has been learned occupies
      its hidden directions, and only what is orthogonal to them can grow later. So with Q an orthonormal basis
      of all w of faster classes, the strengths of class c are the eigenvalues of the Gram matrix of
      :math:`(1 - QQ^\top) w_\alpha`, :math:`\alpha \in c`: within a class of equal modes the balanced flow
      :math:`\dot S = 2\lambda S - 2\delta S^2` acts on the eigenvalues of S one by one. Exact as the initial
      weights tend to zero.
    - *independent modes*: some strength, or the squared length of (a - b)/2, exceeds 0.03 of the final strength, so
      that the early phase is too short for (a - b) to decay. Each mode then follows the vector equations from its own
      a and b; the coupling of modes through shared hidden directions is left out, so this is an approximation
      without a limit.

    The initial value :math:`u^\top W_2 W_1 v` that is often used instead is wrong by O(1) for any small random start.

    Parameters
    ----------
    spectrum : Spectrum
    U, V : ndarray, shapes (output features, modes) and (input features, modes)
        Singular vectors of the learnable modes, in class order.
    weights : tuple of two ndarrays
        W1 of shape (hidden, input features) and W2 of shape (output features, hidden).

    Returns
    -------
    InitialStrengths

    See Also
    --------
    small_start_order : Order in which the error of a small start vanishes.
    initial_gains : The same under a learning rule.

    Examples
    --------
    >>> from linmod import Aligned, Deep, SystematicityDataset
    >>> from linmod.theory import singular_vectors, spectrum
    >>> dataset = SystematicityDataset(n_x=1, n_y=1, k_x=1, k_y=1)
    >>> weights = Aligned(1e-4).weights(Deep(hidden=4), dataset)
    >>> start = initial_strengths(spectrum(dataset), *singular_vectors(dataset), weights)
    >>> start.method, start.pi0.round(8)
    ('decoupled', array([0.0001, 0.0001]))
    """
    a, b = weights[0] @ V, weights[1].T @ U
    if is_decoupled(a, b, U, V, weights):
        return _independent(a, b, DECOUPLED)
    start = _small_start(spectrum, (a + b) / 2)
    decaying = np.sum((a - b) ** 2, axis=0) / 4
    if np.all(np.maximum(start.pi0, decaying) <= SMALL_STRENGTH * spectrum.per_mode("pi_star")):
        return start
    return _independent(a, b, INDEPENDENT)


def small_start_order(spectrum: Spectrum, rule: Rule | None = None) -> float:
    r"""Return the order in which the error of a small-start prediction vanishes with the scale of the initial weights.

    .. math:: \min(1,\, 2(1 - \rho)), \qquad \rho = \max_c \lambda_{c+1}/\lambda_c

    over the classes in order of decreasing lambda, or under a learning rule, of the growth rate mu that then takes
    the place of lambda (see :func:`growth_rate`). Directions outside the modes contribute in proportion to the
    initial weights. A class that grows while a faster one is still being learned couples to it, in proportion to
    the power :math:`2(1 - \rho)` of them; this exponent is observed, with a heuristic argument, not proved.

    Parameters
    ----------
    spectrum : Spectrum
    rule : Rule, optional
        The gradient alone unless given.

    Returns
    -------
    float

    See Also
    --------
    initial_strengths : The strengths whose error it describes.

    Examples
    --------
    >>> from linmod import SystematicityDataset
    >>> from linmod.theory import spectrum
    >>> round(small_start_order(spectrum(SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1, r=2.0))), 3)
    0.451
    """
    rates = sorted({class_growth_rate(c, rule or Rule()) for c in spectrum.learnable}, reverse=True)
    closest = max((slower / faster for faster, slower in pairwise(rates)), default=0.0)
    return min(1.0, 2 * (1 - closest))


def is_decoupled(a: FloatArray, b: FloatArray, U: FloatArray, V: FloatArray, weights: Weights) -> bool:
    """Return whether the hidden vectors of different modes are orthogonal, and nothing lies outside the modes."""
    scale = max(np.linalg.norm(weights[0]), np.linalg.norm(weights[1]))
    grams = [left.T @ right for left, right in ((a, a), (b, b), (a, b))]
    between = max((np.max(np.abs(gram - np.diag(np.diag(gram))), initial=0.0) for gram in grams), default=0.0)
    outside = max(np.linalg.norm(weights[0] - a @ V.T), np.linalg.norm(weights[1] - U @ b.T))
    return bool(between <= ROUNDING * scale**2 and outside <= ROUNDING * scale)


def _independent(a: FloatArray, b: FloatArray, method: str) -> InitialStrengths:
    return InitialStrengths(
        y0=np.sum((a + b) ** 2, axis=0),
        z0=np.sum((a - b) ** 2, axis=0),
        rotation=np.eye(a.shape[1]),
        method=method,
        directions=np.zeros(a.shape),
    )


def _small_start(spectrum: Spectrum, w: FloatArray) -> InitialStrengths:
    stops = np.cumsum([0, *(mode_class.count for mode_class in spectrum.learnable)])
    blocks = [slice(start, stop) for start, stop in pairwise(stops)]
    fastest_first = np.argsort([-mode_class.lam for mode_class in spectrum.learnable], kind="stable")
    pi0, rotations, hidden = np.zeros(w.shape[1]), [np.zeros((0, 0))] * len(blocks), np.zeros(w.shape)
    occupied = np.zeros((len(w), 0))
    for index in fastest_first:
        members = w[:, blocks[index]]
        free = members - occupied @ (occupied.T @ members)
        directions, lengths, rotation = np.linalg.svd(free, full_matrices=False)
        pi0[blocks[index]], rotations[index], hidden[:, blocks[index]] = lengths**2, rotation.T, directions
        occupied = np.concatenate([occupied, directions[:, lengths > 0]], axis=1)
    return InitialStrengths(
        y0=4 * pi0,
        z0=np.zeros_like(pi0),
        rotation=block_diag(np.zeros((0, 0)), *rotations),
        method=SMALL,
        directions=hidden,
    )
