"""Least squares on cosine features of known directions, against a kernel regression that knows none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...datasets.cosine_modules import CosineModules
from ...validation import FloatArray, instance, integer
from ..module_finding.regression import fit_additive
from .monte_carlo import Estimate, estimate
from .random_features import TARGETS, require_finite_variance

TEST_SAMPLES = 500
BATCH = 20


def estimate_known_directions(
    task: CosineModules,
    rows: int,
    *,
    draws: int = 200,
    seed: int = 0,
    relative_error: float | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> Estimate:
    """Estimate the test loss of least squares on the used features of the true directions, over random draws.

    With orthonormal directions it cannot depend on the number of inputs: what the student sees are K independent
    standard normal numbers, of however many inputs.

    Parameters
    ----------
    task : CosineModules
    rows : int
        N, at least 4 more than the K p used features, or 4 fewer (then the minimum-norm solution).
    draws : int, default 200
        Largest number of draws of directions and inputs; each serves 8 targets and is tested on 500 new samples.
    seed : int
    relative_error : float, optional
        Stop when the standard error is at most this fraction of the mean.
    progress : callable, optional

    Returns
    -------
    Estimate
        Of one quantity, the mean squared error against the target without label noise.

    Raises
    ------
    InfiniteVariance
        Nearer to the threshold.

    See Also
    --------
    estimate_kernel_ridge : The loss of a kernel on all inputs.

    Examples
    --------
    >>> from linmod.datasets import PowerLaw
    >>> task = CosineModules(50, 3, PowerLaw.with_exponent(1, 2.0).eigenvalues(60), used=8)
    >>> found = estimate_known_directions(task, rows=120, draws=100)
    >>> print(f"{found.mean[0]:.2f} +- {found.standard_error[0]:.2f}")
    0.26 +- 0.00
    """
    sample = _sampler(task, rows, _least_squares)
    require_finite_variance(task.gaussian, rows, 0.0)
    return estimate(sample, draws=draws, seed=seed, batch=BATCH, relative_error=relative_error, progress=progress)


def estimate_kernel_ridge(
    task: CosineModules,
    rows: int,
    *,
    draws: int = 200,
    seed: int = 0,
    relative_error: float | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> Estimate:
    """Return the test loss of kernel ridge regression on all inputs, which knows nothing of modules.

    Gaussian kernel; length scale and ridge are those of the least error on samples left out. Parameters and return
    value are those of :func:`estimate_known_directions`; the targets of one draw share length scale and ridge.

    Parameters
    ----------
    task : CosineModules
    rows : int
        Samples in the training set.
    draws : int, default 200
        Largest number of draws.
    seed : int, default 0
    relative_error : float, optional
        Stop as soon as every standard error is at most this fraction of its mean.
    progress : callable, optional
        Called with the fraction that is done.

    Returns
    -------
    Estimate

    See Also
    --------
    estimate_known_directions : The loss when the directions are known.

    Examples
    --------
    >>> task = CosineModules(1, 1, [1.0], used=1)
    >>> bool(estimate_kernel_ridge(task, rows=100, draws=10).mean < 0.01)
    True
    """
    sample = _sampler(task, rows, _kernel_ridge)
    return estimate(sample, draws=draws, seed=seed, batch=BATCH, relative_error=relative_error, progress=progress)


@dataclass(frozen=True, eq=False)
class Draw:
    """Inputs and used features (samples, K p) to learn from and to be tested on, and labels to learn."""

    X: FloatArray
    used: FloatArray
    labels: FloatArray
    tested: FloatArray
    tested_used: FloatArray


Student = Callable[[Draw], FloatArray]
"""Predicts the targets of the samples that are tested."""


def _least_squares(draw: Draw) -> FloatArray:
    return np.asarray(draw.tested_used @ np.linalg.lstsq(draw.used, draw.labels)[0])


def _kernel_ridge(draw: Draw) -> FloatArray:
    return fit_additive(np.eye(draw.X.shape[1])[None], draw.X, draw.labels).predict(draw.tested)


def _sampler(task: CosineModules, rows: int, student: Student) -> Callable[[np.random.Generator, int], FloatArray]:
    instance("task", task, (CosineModules,))
    n = integer("rows", rows, 3)

    def sample(generator: np.random.Generator, count: int) -> FloatArray:
        return np.array([[_loss(task, n, student, generator)] for _ in range(count)])

    return sample


def _loss(task: CosineModules, n: int, student: Student, generator: np.random.Generator) -> float:
    """Return the mean squared error of one draw over its test samples and targets."""
    directions = task.draw_directions(generator)
    X = generator.standard_normal((n + TEST_SAMPLES, task.inputs))
    features = task.features(X, directions)
    weights = generator.standard_normal((task.modules, len(task.variances), TARGETS))
    weights *= np.sqrt(task.variances / task.modules)[:, None]
    clean = np.einsum("njp,jpt->nt", features, weights, optimize=True)
    labels = clean[:n] + np.sqrt(task.noise) * generator.standard_normal((n, TARGETS))
    used = features[:, :, : task.used].reshape(len(X), -1)
    predicted = student(Draw(X[:n], used[:n], labels, X[n:], used[n:]))
    return float(np.mean((predicted - clean[n:]) ** 2))
