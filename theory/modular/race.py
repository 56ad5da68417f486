r"""Pathways that write the same outputs, and therefore share one error and one clock.

Pathway p of :math:`L_p` layers reads a mode with gain :math:`\xi_p = \sqrt{\delta_p}` and all write the target
:math:`\eta = \sqrt\sigma`. From a balanced start each strength moves as

.. math:: \dot\pi_p = L_p\, \pi_p^{2 - 2/L_p}\, \xi_p\, e, \qquad e = \eta - \sum_q \xi_q \pi_q

so that all are functions of :math:`s = \int e\,\mathrm{d}t` alone:

.. math:: \pi_p(s) = \pi_p(0) + \xi_p s, \qquad \pi_p(0)\, e^{2\xi_p s}, \qquad
          \left[\pi_p(0)^{-(L-2)/L} - (L - 2)\,\xi_p s\right]^{-L/(L-2)}

for one, two and more layers, and s follows one quadrature, :math:`t = \int_0^s \mathrm{d}s'/e(s')`. Time is in units
of tau. Domain: positive gains and target; starts >= 0 (of one layer any real start). Source: "On The Specialization of
Neural Modules" (Jarvis, Klein, Rosman, Saxe; ICLR 2023), shared outputs; "The Neural Race Reduction" (Saxe, Sodhani &
Lewallen, ICML 2022); solved here for any number of pathways and layers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from ...validation import FloatArray, array, integer, real, step_counts

PANEL, NODES, NEWTON_STEPS = 0.5, 12, 12
FORGOTTEN = 40.0
"""Decades of e after which the distance to the final state is below rounding."""


def race_clock(pi: ArrayLike, pi0: float, gain: float, layers: int) -> FloatArray:
    r"""Return the time s on the clock that all pathways into one output share, from the strength of one of them.

    The inverse of the strengths :math:`\pi_p(s)` of :mod:`linmod.theory.modular.race`: equal for all
    pathways of a race at any moment. For two layers this is the invariant
    :math:`\beta/\beta_0 = (\alpha/\alpha_0)^\kappa` with
    :math:`\kappa = \xi_\beta/\xi_\alpha`.

    Parameters
    ----------
    pi : array_like
        Strengths of one pathway.
    pi0 : float
        Its initial strength.
    gain : float
        Its gain.
    layers : int
        Its number of layers.

    Returns
    -------
    ndarray
        Time on the clock for each strength.

    See Also
    --------
    race_flow : Strengths of the pathways over time.

    Examples
    --------
    >>> pi = race_flow([1.0, 0.5], 1.0, [1e-3, 1e-3], [0.0, 3.0, 50.0], layers=2)
    >>> np.ptp([race_clock(pi[:, 0], 1e-3, 1.0, 2), race_clock(pi[:, 1], 1e-3, 0.5, 2)], axis=0).max() < 1e-12
    np.True_
    """
    strength, depth = np.asarray(pi, dtype=np.float64), integer("layers", layers, 1)
    start, rate = real("pi0", pi0, positive=depth > 1), real("gain", gain, positive=True)
    if depth == 1:
        return (strength - start) / rate
    if depth == 2:
        return np.asarray(np.log(strength / start) / (2 * rate))
    power = (depth - 2) / depth
    return np.asarray((start**-power - strength**-power) / ((depth - 2) * rate))


def race_final(gains: ArrayLike, target: float, pi0: ArrayLike, layers: int | Sequence[int]) -> FloatArray:
    r"""Return the strengths at which a race ends: the point of its clock where :math:`\sum_p \xi_p \pi_p(s) = \eta`.

    For two pathways of two layers :math:`\alpha = \alpha_0 S, \beta = \beta_0 S^\kappa` at the root S of
    :math:`\xi_\alpha\alpha_0 S + \xi_\beta\beta_0 S^\kappa = \eta`. As the starts tend to zero at a fixed ratio the
    pathway with the larger gain wins; of three layers and more the one with the smaller
    :math:`\pi_p(0)^{-(L-2)/L}/\xi_p`, which depends on the ratio of the starts at any scale.

    Parameters
    ----------
    gains, pi0 : array_like, shape (P,)
    target : float
    layers : int or sequence of int
        Of all pathways, or of each.

    Returns
    -------
    ndarray, shape (P,)

    See Also
    --------
    race_flow : The course that ends there.

    Examples
    --------
    >>> race_final([1.0, 0.5], 1.0, [1e-6, 1e-6], layers=2).round(4)
    array([0.9995, 0.001 ])
    >>> race_final([1.0, 1.22], 1.0, [0.02, 0.01], layers=3).round(2)
    array([0.67, 0.27])
    """
    race = _Race(gains, target, pi0, layers)
    return race.final.copy()


def race_flow(gains: ArrayLike, target: float, pi0: ArrayLike, t: ArrayLike, layers: int | Sequence[int]) -> FloatArray:
    r"""Return the strengths of the pathways over time under gradient flow.

    The quadrature of :mod:`linmod.theory.modular.race` is done in :math:`v = -\ln((s_\infty - s)/s_\infty)`,
    in which it is smooth and in the end linear, by Gauss-Legendre panels, and inverted by Newton's method.
    Relative error below 1e-11,
    of one layer relative to the final strength.

    Parameters
    ----------
    gains, pi0 : array_like, shape (P,)
    target : float
    t : array_like, shape (T,)
        Times in units of tau, not negative; infinity allowed.
    layers : int or sequence of int
        Of all pathways, or of each.

    Returns
    -------
    ndarray, shape (T, P)

    See Also
    --------
    race_descent : The same under descent.
    race_final : Where the race ends.

    Examples
    --------
    >>> race_flow([1.0, 1.0], 1.0, [1e-3, 2e-3], [0.0, 3.0, np.inf], layers=2).round(4)
    array([[0.001 , 0.002 ],
           [0.1828, 0.3655],
           [0.3333, 0.6667]])
    """
    times = np.atleast_1d(np.asarray(t, dtype=np.float64))
    race = _Race(gains, target, pi0, layers)
    if race.distance == 0:
        return np.tile(race.final, (len(times), 1))
    x, w = np.polynomial.legendre.leggauss(NODES)
    x, w = (x + 1) / 2, w / 2
    span = math.log(1 + abs(race.distance) * race.steepness) + FORGOTTEN
    edges = np.arange(0.0, span, PANEL)
    reached = np.cumsum([0.0, *(PANEL * (race.pace(edges[:, None] + PANEL * x) @ w)).tolist()])
    panel = np.clip(np.searchsorted(reached, times, side="right") - 1, 0, len(edges) - 1)
    within = np.minimum(times, reached[-1]) - reached[panel]
    width = PANEL * within / (reached[panel + 1] - reached[panel])
    for _ in range(NEWTON_STEPS):
        elapsed = width * (race.pace(edges[panel][:, None] + width[:, None] * x) @ w)
        width = width - (elapsed - within) / race.pace(edges[panel] + width)
    return race.strengths(race.distance * np.exp(-(edges[panel] + width)))


def race_descent(
    gains: ArrayLike, target: float, pi0: ArrayLike, step_size: float, steps: ArrayLike, layers: int | Sequence[int]
) -> FloatArray:
    r"""Return the exact strengths of the pathways after numbers of steps of gradient descent.

    With :math:`\pi_p = \varsigma_p a_p^{L_p}` one step is
    :math:`a_p \leftarrow a_p + \alpha\,\varsigma_p\, a_p^{L_p - 1} \xi_p\, e`; it is iterated. Any real starts.

    Parameters
    ----------
    gains, target, pi0, layers
        As for :func:`race_flow`.
    step_size : float
        The step alpha = 1/tau, the same for all pathways.
    steps : array_like of int, shape (T,)
        Increasing numbers of steps.

    Returns
    -------
    ndarray, shape (T, P)
        Not finite where descent diverges.

    See Also
    --------
    race_flow : The same under gradient flow.

    Examples
    --------
    >>> race_descent([1.0, 1.0], 1.0, [1e-3, 2e-3], 0.1, [0, 200], layers=2).round(4)
    array([[0.001 , 0.002 ],
           [0.3333, 0.6667]])
    """
    alpha, eta = real("step_size", step_size, positive=True), real("target", target)
    xi, start, depth = _pathways(gains, pi0, layers)
    sign = np.where((start < 0) & (depth > 1), -1.0, 1.0)
    gain = np.where(depth > 1, np.abs(start) ** (1 / depth), start)
    wanted = step_counts(steps)
    values, taken = np.empty((len(wanted), len(xi))), 0
    with np.errstate(over="ignore", invalid="ignore"):
        for row, stop in enumerate(wanted):
            for _ in range(stop - taken):
                error = eta - float(xi @ (sign * gain**depth))
                gain = gain + alpha * sign * gain ** (depth - 1) * xi * error
            taken = stop
            values[row] = sign * gain**depth
    return values


class _Race:
    """A race seen from its end: strengths and pace as functions of the distance u on the clock that is left."""

    def __init__(self, gains: ArrayLike, target: float, pi0: ArrayLike, layers: int | Sequence[int]) -> None:
        self._xi, start, self._depth = _pathways(gains, pi0, layers)
        self._eta = real("target", target, positive=True)
        if np.any((start < 0) & (self._depth > 1)):
            raise ValueError(f"pi0 must not be negative for pathways of several layers, got {start.tolist()}")
        self._moves = (self._xi > 0) & ((start > 0) | (self._depth == 1))
        self.distance = self._end(start) if self._moves.any() else 0.0
        self.final = self._forward(start, self.distance)

    @property
    def steepness(self) -> float:
        """Largest rate at which a strength changes with the clock, relative to itself."""
        powers = np.maximum(self._depth - 2, 0) / self._depth
        return float(np.max(self._depth * self._xi * np.maximum(self.final, 1e-300) ** np.where(powers > 0, powers, 0)))

    def strengths(self, distance: FloatArray) -> FloatArray:
        """Return the strengths when a distance is left, shape (T, P)."""
        left = distance[:, None] * self._xi
        power = np.maximum(self._depth - 2, 1)
        base = 1 + np.where(self._depth > 2, power * left * self.final.clip(min=0.0) ** (power / self._depth), 0.0)
        deep = self.final * np.where(self._depth == 2, np.exp(-2 * left), base ** (-self._depth / power))
        moving = np.where(self._depth == 1, self.final - left, deep)
        return np.where(self._moves, moving, self.final)

    def pace(self, v: FloatArray) -> FloatArray:
        """Return the derivative of time by v, at the distance u = u_0 exp(-v)."""
        u = self.distance * np.exp(-v)
        return np.asarray(u / (self._missing(u) @ self._xi))

    def _missing(self, u: FloatArray) -> FloatArray:
        """Return the final minus present strengths, without cancellation."""
        left = np.asarray(u)[..., None] * self._xi
        power = np.maximum(self._depth - 2, 1)
        base = power * left * self.final.clip(min=0.0) ** (power / self._depth)
        deep = -np.expm1(-self._depth / power * np.log1p(np.where(self._depth > 2, base, 0.0)))
        changes = np.where(self._depth > 2, deep, -np.expm1(-2 * np.where(self._depth == 2, left, 0.0)))
        return np.where(self._moves, np.where(self._depth == 1, left, self.final * changes), 0.0)

    def _forward(self, start: FloatArray, s: float) -> FloatArray:
        power = np.maximum(self._depth - 2, 1)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            base = 1 - power * self._xi * s * np.abs(start) ** (power / self._depth)
            deep = start * np.where(base > 0, np.abs(base) ** (-self._depth / power), np.inf)
            grown = np.where(self._depth == 2, start * np.exp(2 * self._xi * s), deep)
        return np.where(self._moves, np.where(self._depth == 1, start + self._xi * s, grown), start)

    def _end(self, start: FloatArray) -> float:
        """Return the clock time of the final state."""

        def error(s: float) -> float:
            total = float(np.sum(np.where(self._moves, self._xi * self._forward(start, s), 0.0)))
            return self._eta - min(total, 1e300)

        if error(0.0) == 0:
            return 0.0
        bound = math.copysign(1e-3, error(0.0))
        while error(bound) * error(0.0) > 0:
            bound *= 2
        return float(brentq(error, 0.0, bound, xtol=1e-300, rtol=4 * np.finfo(float).eps))


def _pathways(
    gains: ArrayLike, pi0: ArrayLike, layers: int | Sequence[int]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    xi, start = array("gains", gains, 1), array("pi0", pi0, 1)
    given = list(layers) if isinstance(layers, Sequence) else [layers] * len(xi)
    depth = np.array([integer("layers entry", entry, 1) for entry in given], dtype=np.float64)
    if not len(xi) == len(start) == len(depth):
        raise ValueError(f"gains, pi0 and layers must have equal lengths, got {len(xi)}, {len(start)} and {len(depth)}")
    if np.any(xi < 0):
        raise ValueError(f"gains must not be negative, got {xi.tolist()}")
    return xi, start, depth
