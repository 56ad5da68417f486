"""Expected losses of least squares on random features: exact if a formula is known, otherwise asymptotic."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from ...datasets.random_features import RandomFeatures
from ...problem import NoClosedForm
from ...validation import FloatArray, instance, integer, real
from .traces import inverse_wishart_trace

MARGIN = 5.0
"""Degrees of freedom by which the deterministic equivalent must stay away from the interpolation threshold."""


@dataclass(frozen=True)
class ExpectedLosses:
    """Expected losses per row, over features, weights and noise.

    Attributes
    ----------
    test : float
        Against the target without label noise.
    train : float
        Against the labels.
    declared_error : float
        Bound of the relative error of both; 0 where they are exact.

    See Also
    --------
    expected_losses : The prediction that returns it.
    """

    test: float
    train: float
    declared_error: float = 0.0


def expected_losses(model: RandomFeatures, rows: int, ridge: float = 0.0) -> ExpectedLosses:
    r"""Return the expected losses of the least-squares (minimum-norm) or ridge solution.

    Without a ridge this is :func:`isotropic_losses` where that is exact: with at least as many rows as features, for
    any variances; and with fewer rows if the used features have equal variance, as in
    :meth:`~linmod.datasets.RandomFeatures.whitened`. In all other cases it is :func:`deterministic_equivalent`; no
    finite closed form is known there, except that the test loss is infinite at one row less than features.

    Parameters
    ----------
    model : RandomFeatures
    rows : int
        N, at least 1.
    ridge : float, default 0
        delta >= 0 of :math:`\min |y - \Phi\theta|^2 + \delta|\theta|^2`.

    Returns
    -------
    ExpectedLosses

    Raises
    ------
    NoClosedForm
        Too near the threshold for the deterministic equivalent.

    See Also
    --------
    deterministic_equivalent : The form for features of unequal size.
    isotropic_losses : The form for features of equal size.

    Examples
    --------
    >>> from linmod.datasets import PowerLaw
    >>> variances = PowerLaw.with_exponent(2, 1.5).eigenvalues(100)
    >>> losses = expected_losses(RandomFeatures.scaled(variances, used=20), rows=60)
    >>> round(losses.test, 5), round(losses.train, 5), losses.declared_error
    (0.19644, 0.08656, 0.0)
    >>> expected_losses(RandomFeatures.scaled(variances, used=20), rows=20).test
    inf
    """
    n, delta = _arguments(model, rows, ridge)
    diverges = n == model.used - 1 and model.residual > 0
    if delta == 0 and (n >= model.used or model.isotropic or diverges):
        return isotropic_losses(model, n)
    return deterministic_equivalent(model, n, delta)


def isotropic_losses(model: RandomFeatures, rows: int) -> ExpectedLosses:
    r"""Return the losses by F(N, p), as if the used features had equal variance.

    .. math:: L_{test} = t_1 \max(1 - N/p, 0) + t_2 + \tau F(N, p), \qquad L_{train} = \tau \max(1 - p/N, 0)

    with :math:`t_1, t_2` the variance of the target inside and outside the used features and
    :math:`\tau = t_2 + \sigma^2`. For N >= p + 2 exact for any variances: the error of the weights is
    :math:`C^{-1/2} Z^+ e` with e independent of the whitened features Z, and the residual is a projection of rank
    N - p. For p > N exact only if the used features have equal variance (Belkin, Hsu & Xu 2020; Hastie et al. 2022);
    for :meth:`~linmod.datasets.RandomFeatures.scaled` features that fall off it is too large, easily twofold to
    sixfold. Kept apart from :func:`expected_losses` for that comparison.

    Parameters
    ----------
    model : RandomFeatures
    rows : int
        N >= 1.

    Returns
    -------
    ExpectedLosses
        Without a declared error.

    See Also
    --------
    expected_losses : Chooses the form that applies.

    Examples
    --------
    >>> from linmod.datasets import PowerLaw
    >>> model = RandomFeatures.scaled(PowerLaw(0.5).eigenvalues(150), used=60)
    >>> wrong = isotropic_losses(model, 20).test
    >>> round(wrong / expected_losses(model, 20).test, 2)
    2.31
    """
    n, _ = _arguments(model, rows, 0.0)
    missed = model.seen * (1 - n / model.used) if model.used > n else 0.0
    spread = model.residual * inverse_wishart_trace(n, model.used) if model.residual > 0 else 0.0
    return ExpectedLosses(missed + model.unseen + spread, model.residual * max(1 - model.used / n, 0.0))


def deterministic_equivalent(model: RandomFeatures, rows: int, ridge: float = 0.0) -> ExpectedLosses:
    r"""Return the losses in the limit of many rows and features, any variances, with or without ridge.

    .. math:: \sum_{i \le p} \frac{c_i}{c_i + \kappa} + \frac{\delta}{\kappa} = N, \qquad L_i = \frac{c_i}{c_i+\kappa},
              \qquad E_0 = \frac{N}{N - \sum L_i^2}

    .. math:: L_{test} + \sigma^2 = E_0 \Big[\sum_{i \le p} (1 - L_i)^2 c_i v_i + t_2 + \sigma^2\Big], \qquad
              L_{train} = \Big(\frac{\delta}{N\kappa}\Big)^2 (L_{test} + \sigma^2)

    (Bordelon, Canatar & Pehlevan 2020; Canatar et al. 2021; Simon et al. 2023; Hastie et al. 2022.) For all features,
    uniform weights, no ridge and no noise the test loss is N kappa times the variance of the weights.

    It errs by O(1/N), usually low. ``declared_error`` is :math:`1/(N - \sum L_i^2)`: this bounds the error wherever the
    exact loss is known (all spectra with p < N; equal variances with p > N, where it is nearly attained), and
    simulations of other cases stay well within it. As the denominator counts the degrees of freedom between the student
    and the threshold, fewer than 5 of them (an error of 20 percent) are refused.

    Parameters, return value and errors are those of :func:`expected_losses`.

    Parameters
    ----------
    model : RandomFeatures
    rows : int
        N, at least 1.
    ridge : float, default 0
        delta >= 0.

    Returns
    -------
    ExpectedLosses
        With the relative error of the limit.

    See Also
    --------
    expected_losses : Chooses between this form and the other.

    Examples
    --------
    >>> from linmod.datasets import PowerLaw
    >>> model = RandomFeatures.scaled(PowerLaw.with_exponent(2, 1.5).eigenvalues(150), used=60)
    >>> losses = deterministic_equivalent(model, rows=20)
    >>> round(losses.test, 5), round(losses.declared_error, 3)
    (0.3042, 0.1)
    """
    n, delta = _arguments(model, rows, ridge)
    sizes = model.feature_variances[: model.used]
    kappa = effective_ridge(sizes, n, delta)
    learned = sizes / (sizes + kappa)
    margin = n - float(np.sum(learned**2))
    if margin < MARGIN:
        raise NoClosedForm(
            f"rows must leave {MARGIN:g} degrees of freedom to the interpolation threshold for the deterministic"
            f" equivalent, got {margin:.3g} with rows={n}, {model.used} features, ridge={delta:g}; simulate instead"
        )
    missed = float(np.sum((1 - learned) ** 2 * model.variances[: model.used]))
    noisy = n / margin * (missed + model.residual)
    kept = max(n - float(np.sum(learned)), 0.0) / n if delta > 0 or n > model.used else 0.0
    return ExpectedLosses(noisy - model.noise, kept**2 * noisy, 1 / margin)


def effective_ridge(sizes: FloatArray, rows: int, ridge: float) -> float:
    r"""Return the kappa that solves :math:`\sum_i c_i/(c_i + \kappa) + \delta/\kappa = N`; 0 without ridge if p <= N.

    Parameters
    ----------
    sizes : ndarray, shape (p,)
        Variances of the used features, c > 0.
    rows : int
    ridge : float

    Returns
    -------
    float
        kappa.

    See Also
    --------
    deterministic_equivalent : The losses that follow from it.

    Examples
    --------
    >>> round(effective_ridge(np.ones(30), rows=10, ridge=0.0), 12)
    2.0
    """
    n, p = rows, len(sizes)
    if ridge == 0 and p <= n:
        return 0.0
    low = ridge / n if ridge > 0 else float(sizes.min()) * (p - n) / n
    high = (float(sizes.sum()) + ridge) / n

    def excess(log_kappa: float) -> float:
        kappa = math.exp(log_kappa)
        return float(np.sum(sizes / (sizes + kappa))) + ridge / kappa - n

    slack = 1e-9
    return math.exp(brentq(excess, math.log(low) - slack, math.log(high) + slack, xtol=1e-15, rtol=1e-15))


def _arguments(model: RandomFeatures, rows: int, ridge: float) -> tuple[int, float]:
    instance("model", model, (RandomFeatures,))
    return integer("rows", rows, 1), real("ridge", ridge, 0.0)
