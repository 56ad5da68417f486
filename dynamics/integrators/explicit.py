"""SciPy's RK45 with the same steps at less cost for each, which matters where the system is small."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.integrate import RK45

from ...validation import FloatArray
from .stabilised import Velocity

SAFETY, SMALLEST_FACTOR, LARGEST_FACTOR = 0.9, 0.2, 10.0
"""Step control as in SciPy."""


class LeanRK45(RK45):
    """The method of Dormand and Prince, which writes its stages into buffers that it reuses.

    Parameters
    ----------
    fun : callable
        ``fun(t, y)``, which must not depend on t, nor keep y.
    t0, y0, t_bound : float, ndarray, float
        From where to where, forwards.
    **options : Any
        As for :class:`scipy.integrate.RK45`, with ``rtol`` and ``atol``.
    """

    def __init__(self, fun: Any, t0: float, y0: FloatArray, t_bound: float, **options: Any) -> None:
        super().__init__(fun, t0, y0, t_bound, **options)
        self._tolerances: tuple[float, float] = (options["rtol"], options["atol"])
        self._velocity: Velocity = fun
        self._stage, self._scale = (np.empty(self.n) for _ in range(2))
        self._rows = [(row[:stage], self.K[:stage], self.K[stage]) for stage, row in enumerate(self.A)][1:]
        self._weights, self._slopes = np.asarray(self.B, dtype=np.float64), np.asarray(self.K, dtype=np.float64)[:-1]

    def _step_impl(self) -> tuple[bool, str | None]:
        shortest = 10 * math.ulp(self.t)
        size, largest_factor = max(min(self.h_abs, self.max_step), shortest), LARGEST_FACTOR
        while size >= shortest:
            end = min(self.t + size, self.t_bound)
            step = end - self.t
            new = self._moved(step)
            error = self._relative_error(step, new)
            if error < 1:
                factor = min(largest_factor, SAFETY * error**self.error_exponent) if error > 0 else largest_factor
                self.h_previous, self.h_abs, self.y_old = step, step * factor, self.y
                self.t, self.y, self.f = end, new, self.K[-1].copy()
                return True, None
            size, largest_factor = step * max(SMALLEST_FACTOR, SAFETY * error**self.error_exponent), 1.0
        return False, self.TOO_SMALL_STEP

    def _moved(self, step: float) -> FloatArray:
        """Fill the slopes of all stages, and return the new state."""
        stage, velocity, start = self._stage, self._velocity, self.y
        self.K[0] = self.f
        for row, slopes, slope in self._rows:
            np.dot(row, slopes, out=stage)
            stage *= step
            stage += start
            slope[:] = velocity(0.0, stage)
        new: FloatArray = self._weights @ self._slopes
        new *= step
        new += start
        self.K[-1] = velocity(0.0, new)
        self.nfev += self.n_stages
        return new

    def _relative_error(self, step: float, new: FloatArray) -> float:
        """Root mean square of the errors in units of the tolerances."""
        rtol, atol = self._tolerances
        scale: FloatArray = np.maximum(np.abs(np.asarray(self.y, dtype=np.float64)), np.abs(new), out=self._scale)
        scale *= rtol
        scale += atol
        error = self.E @ self.K
        error /= scale
        return step * math.sqrt(float(error @ error) / self.n)
