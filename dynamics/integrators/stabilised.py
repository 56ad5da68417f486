r"""A stabilised explicit method: Runge-Kutta-Chebyshev of second order.

After convergence the fastest mode limits the step of an ordinary explicit method, though nothing moves any more. A step
of s stages here is a Chebyshev recursion, stable for a real negative spectrum down to :math:`-\beta(s)/h` with

.. math:: \beta(s) \approx \tfrac23 (s^2 - 1)\left(1 - \tfrac{2}{15}\epsilon\right), \qquad \epsilon = \tfrac{2}{13},

so that a time T costs about :math:`\sqrt{\rho T}` evaluations in place of :math:`\rho T`, with :math:`\rho` the
spectral radius of the Jacobian. Gradient flow has a symmetric Jacobian, hence a real spectrum.

After B. P. Sommeijer, L. F. Shampine and J. G. Verwer, "RKC: An explicit solver for parabolic PDEs", Journal of
Computational and Applied Mathematics 88 (1997), 315-326.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.integrate import DenseOutput, OdeSolver

from ...validation import FloatArray

Velocity = Callable[[float, FloatArray], FloatArray]

DAMPING = 2 / 13
SAFETY, SMALLEST_FACTOR, LARGEST_FACTOR = 0.8, 0.1, 10.0
ROUNDING = float(np.finfo(float).eps)
STEPS_OF_RADIUS = 25
"""Steps after which the spectral radius is found anew."""
RADIUS_MARGIN, RADIUS_TOLERANCE, MOST_ITERATIONS = 1.2, 0.01, 50


@lru_cache(maxsize=512)
def coefficients(stages: int) -> FloatArray:
    r"""Return the coefficients of the recursion for at least 2 stages, shape (stages, 5).

    A row makes a stage :math:`Y_j` from :math:`Y_0, h F_0, h F_{j-1}, Y_{j-1}, Y_{j-2}`.
    """
    w_0 = 1 + DAMPING / stages**2
    T, first, second = [1.0, w_0], [0.0, 1.0], [0.0, 0.0]
    for _ in range(2, stages + 1):
        T.append(2 * w_0 * T[-1] - T[-2])
        second.append(2 * w_0 * second[-1] + 4 * first[-1] - second[-2])
        first.append(2 * w_0 * first[-1] + 2 * T[-2] - first[-2])
    w_1 = first[-1] / second[-1]
    b = [second[j] / first[j] ** 2 for j in range(2, stages + 1)]
    b = [b[0], b[0], *b]
    rows = [(1.0, b[1] * w_1, 0.0, 0.0, 0.0)]
    for j in range(2, stages + 1):
        mu, nu, mu_f = 2 * b[j] * w_0 / b[j - 1], -b[j] / b[j - 2], 2 * b[j] * w_1 / b[j - 1]
        rows.append((1 - mu - nu, -(1 - b[j - 1] * T[j - 1]) * mu_f, mu_f, mu, nu))
    return np.array(rows)


def stability_interval(stages: int) -> float:
    """Return the approximate length of the real interval on which a step of this number of stages is stable."""
    return 2 / 3 * (stages**2 - 1) * (1 - 2 / 15 * DAMPING)


def stages_for(reach: float) -> int:
    """Return the fewest stages whose stability interval contains the spectral radius times the step."""
    return max(2, math.ceil(math.sqrt(1 + 3 * reach / stability_interval(2))))


def chebyshev_step(velocity: Velocity, state: FloatArray, slope: FloatArray, step: float, stages: int) -> FloatArray:
    """Return the state after one step of a system that does not depend on time, from the state and its slope."""
    known = np.array([state, step * slope, state, state, state])
    rows = coefficients(stages)
    new = np.asarray(rows[0] @ known)
    latest, before = 3, 4
    for row, turned in zip(rows[1:], rows[1:, [0, 1, 2, 4, 3]], strict=True):
        known[latest] = new
        np.multiply(velocity(0.0, new), step, out=known[2])
        np.dot(row if latest == 3 else turned, known, out=new)
        latest, before = before, latest
    return new


class Stabilised(OdeSolver):
    """Runge-Kutta-Chebyshev steps with error control, the number of stages from the spectral radius.

    Parameters
    ----------
    fun : callable
        ``fun(t, y)``, which must not depend on t.
    t0, y0, t_bound : float, ndarray, float
        From where to where.
    rtol, atol : float
        As for SciPy's methods.
    first_step : float, optional
    max_step : float
    """

    n_stages = 6
    """Evaluations that count as one step where steps are limited: those of a step of Dormand and Prince."""

    def __init__(
        self,
        fun: Velocity,
        t0: float,
        y0: FloatArray,
        t_bound: float,
        *,
        rtol: float = 1e-3,
        atol: float = 1e-6,
        first_step: float | None = None,
        max_step: float = math.inf,
        vectorized: bool = False,
    ) -> None:
        super().__init__(fun, t0, y0, t_bound, vectorized)
        self.rtol, self.atol, self.max_step = rtol, atol, max_step
        self.f = self.fun(self.t, self.y)
        self.y_old, self.f_old = self.y, self.f
        self.radius, self._direction_of_radius = 0.0, np.random.default_rng(0).standard_normal(self.n)
        self._age_of_radius, self._last = STEPS_OF_RADIUS, (0.0, 0.0)
        self.most_stages = max(2, int(math.sqrt(rtol / (10 * ROUNDING))))
        self._find_radius()
        self.h_abs = self._first_step() if first_step is None else first_step

    @property
    def reach(self) -> float:
        """The spectral radius times the step to come."""
        return self.radius * self.h_abs

    def _step_impl(self) -> tuple[bool, str | None]:
        shortest = 10 * math.ulp(self.t)
        rejected = False
        while True:
            if self._age_of_radius >= STEPS_OF_RADIUS:
                self._find_radius()
            longest = stability_interval(self.most_stages) / self.radius if self.radius > 0 else math.inf
            size = min(self.h_abs, self.max_step, longest)
            if size < shortest:
                return False, self.TOO_SMALL_STEP
            end = float(self.t + size * self.direction)
            if self.direction * (end - self.t_bound) > 0:
                end = float(self.t_bound)
            step = end - self.t
            new = chebyshev_step(self.fun, self.y, self.f, step, stages_for(abs(step) * self.radius))
            slope = self.fun(end, new)
            error = self._norm(0.8 * (self.y - new) + 0.4 * step * (self.f + slope), new)
            if error < 1:
                break
            rejected = True
            self._age_of_radius = STEPS_OF_RADIUS if self._age_of_radius > 0 else 0
            cut = SAFETY * error ** (-1 / 3) if np.isfinite(error) else SMALLEST_FACTOR
            self.h_abs = abs(step) * max(SMALLEST_FACTOR, cut)
        factor = self._growth(error, abs(step))
        self.h_abs = abs(step) * (min(1.0, factor) if rejected else factor)
        self._last, self._age_of_radius = (error, abs(step)), self._age_of_radius + 1
        self.y_old, self.f_old, self.t, self.y, self.f = self.y, self.f, end, new, slope
        return True, None

    def _growth(self, error: float, step: float) -> float:
        """How much longer the next step may be, from the errors of this step and the one before."""
        if error == 0:
            return LARGEST_FACTOR
        factor = SAFETY * error ** (-1 / 3)
        before, step_before = self._last
        if before > 0 and step_before > 0:
            factor = min(factor, factor * (before / error) ** (1 / 3) * step / step_before)
        return float(min(LARGEST_FACTOR, max(SMALLEST_FACTOR, factor)))

    def _norm(self, errors: FloatArray, new: FloatArray) -> float:
        scale = self.atol + np.maximum(np.abs(self.y), np.abs(new)) * self.rtol
        return float(np.linalg.norm(errors / scale) / math.sqrt(self.n))

    def _first_step(self) -> float:
        """A tenth of the step whose difference of slopes would meet the tolerance."""
        trial = min(1 / self.radius if self.radius > 0 else math.inf, abs(self.t_bound - self.t), self.max_step)
        after = self.fun(self.t, self.y + trial * self.direction * self.f)
        error = trial * self._norm(after - self.f, self.y)
        return trial * min(1.0, 0.1 / math.sqrt(error)) if error > 0 else trial

    def _find_radius(self) -> None:
        """Bound the spectral radius of the Jacobian by power iteration with differences of slopes.

        It starts from a random direction, then from the one found last, so that directions that the state itself
        never takes count too.
        """
        towards, found = self._direction_of_radius, 0.0
        size = math.sqrt(ROUNDING) * max(float(np.linalg.norm(self.y)), math.sqrt(ROUNDING))
        for _ in range(MOST_ITERATIONS):
            length = float(np.linalg.norm(towards))
            if not 0 < length < math.inf:
                break
            change = self.fun(self.t, self.y + towards * (size / length)) - self.f
            towards, before, found = change, found, float(np.linalg.norm(change)) / size
            if abs(found - before) <= RADIUS_TOLERANCE * found:
                break
        if 0 < found < math.inf:
            self._direction_of_radius = towards
        self.radius, self._age_of_radius = RADIUS_MARGIN * found, 0

    def _dense_output_impl(self) -> DenseOutput:
        return Hermite(self.t_old, self.t, (self.y_old, self.y), (self.f_old, self.f))


class Hermite(DenseOutput):
    """The cubic through the states and slopes at both ends of a step."""

    def __init__(
        self, t_old: float, t: float, states: tuple[FloatArray, FloatArray], slopes: tuple[FloatArray, FloatArray]
    ) -> None:
        super().__init__(t_old, t)
        self._states, self._slopes = states, slopes

    def _call_impl(self, t: Any) -> FloatArray:
        step = self.t - self.t_old
        x = (np.asarray(t) - self.t_old) / step
        (start, end), (slope, last) = ([part[:, None] for part in pair] for pair in (self._states, self._slopes))
        values = (
            start * ((1 + 2 * x) * (1 - x) ** 2)
            + end * (x**2 * (3 - 2 * x))
            + step * (slope * (x * (1 - x) ** 2) - last * (x**2 * (1 - x)))
        )
        return np.asarray(values if x.ndim else values[:, 0])
