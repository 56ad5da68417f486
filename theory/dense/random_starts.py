"""Averages over random starts: the times of learning, and the distance of the learned map from the smallest one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, polygamma

from ...datasets import SystematicityDataset
from ...validation import instance, integer, real
from ..spectrum import ModeClass, spectrum, systematicity_ratio


@dataclass(frozen=True)
class RandomStartMean:
    """Mean and standard deviation over random starts, and the size of what the mean leaves out.

    Attributes
    ----------
    mean, deviation : float
    neglected : float
        Size of what the mean leaves out.

    See Also
    --------
    mean_systematicity_ratio : A mean of this kind.
    mean_half_time : Another one.
    """

    mean: float
    deviation: float
    neglected: float


def mean_log_strength(std: float, modes: int, directions: int) -> RandomStartMean:
    r"""Return the mean logarithm of the initial strengths of a class of m modes in p free hidden directions.

    The strengths of a small random start are the eigenvalues of :math:`w^\top w` for a p by m matrix w of independent
    entries of variance :math:`s^2/2` (see :func:`linmod.theory.initial_strengths`). By Bartlett's decomposition
    its determinant is a product of independent chi-squared variables with p, p - 1, ... degrees of freedom, so that

    .. math:: \Big\langle \tfrac1m \sum_j \ln \pi_j \Big\rangle
              = \ln s^2 + \frac1m \sum_{i<m} \psi\Big(\frac{p - i}{2}\Big), \qquad
              \mathrm{Var} = \frac{1}{m^2} \sum_{i<m} \psi'\Big(\frac{p - i}{2}\Big)

    Domain: m <= p. p is the number of hidden units less that of the modes with larger lambda.

    Parameters
    ----------
    std : float
        Standard deviation s of the initial weights.
    modes, directions : int
        m and p.

    Returns
    -------
    RandomStartMean
        `deviation` is the standard deviation of the mean logarithm between starts; nothing is neglected.

    See Also
    --------
    mean_half_time : Mean time to half of the final strength.

    Examples
    --------
    >>> print(round(mean_log_strength(1e-3, 1, 50).mean, 3), round(np.log(50 * 1e-6 / 2), 3))
    -10.617 -10.597
    """
    real("std", std, positive=True)
    integer("directions", directions, integer("modes", modes, 1))
    halves = (directions - np.arange(modes)) / 2
    mean = 2 * math.log(std) + float(np.mean(digamma(halves)))
    return RandomStartMean(mean, math.sqrt(float(np.sum(polygamma(1, halves)))) / modes, 0.0)


def mean_half_time(
    mode_class: ModeClass, *, std: float, directions: int, step_size: float | None = None
) -> RandomStartMean:
    r"""Return the mean time at which a class of two-layer modes is half learned from small random weights (unit: tau).

    With :math:`\ell` the mean of :math:`\ln\pi_0` over modes and starts (:func:`mean_log_strength`) and v the
    variance of :math:`\ln \pi_0` within a class,

    .. math:: t_{1/2} = \frac{\ln\pi^* - \ell - v/4}{2\lambda}, \qquad v \approx \frac{(m - 1)(m + 2)}{m p}

    The term v/4 is the second order of the root mean square over the class, whose square is the mean of
    :math:`1/(1 + e^{-x})^2`, about x = 0. Descent with steps alpha grows at the rate
    :math:`\ln(1 + \alpha\lambda)/\alpha` in place of lambda, and is earlier by :math:`\tfrac34 \alpha \ln 2`, since
    it runs ahead of the flow as it saturates (the modified equation of the discrete map, to first order in
    :math:`\alpha\lambda`).

    Domain: small std; other classes have well separated lambda.

    Parameters
    ----------
    mode_class : ModeClass
    std : float
        Standard deviation of the initial weights.
    directions : int
        Hidden units less the number of modes with larger lambda.
    step_size : float, optional
        Of descent; gradient flow unless given.

    Returns
    -------
    RandomStartMean
        `neglected` is :math:`(v^2 + (\alpha\lambda)^2)/2\lambda`, the order of the next terms.

    See Also
    --------
    mean_log_strength : Mean logarithm of the initial strength.

    Examples
    --------
    >>> from linmod import SystematicityDataset
    >>> from linmod.theory import half_time_two_layer
    >>> mode = spectrum(SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1))["sign_to_sign"]
    >>> round(mean_half_time(mode, std=2e-4, directions=50).mean, 2)
    5.52
    >>> round(half_time_two_layer(mode.lam, mode.delta, 50 * 2e-4**2 / 2), 2)
    5.51
    """
    instance("mode_class", mode_class, (ModeClass,))
    start = mean_log_strength(std, mode_class.count, directions)
    count, lam = mode_class.count, real("lam", mode_class.lam, positive=True)
    spread = (count - 1) * (count + 2) / (count * directions)
    alpha = 0.0 if step_size is None else real("step_size", step_size, positive=True)
    rate = math.log1p(alpha * lam) / alpha if alpha else lam
    early = 0.75 * alpha * math.log(2)
    return RandomStartMean(
        mean=(math.log(mode_class.pi_star) - start.mean - spread / 4) / (2 * rate) - early,
        deviation=start.deviation / (2 * rate),
        neglected=(spread**2 + (alpha * lam) ** 2) / (2 * lam),
    )


def mean_systematicity_ratio(dataset: SystematicityDataset, std: float) -> RandomStartMean:
    r"""Return the systematicity ratio that a two-layer network ends with when it starts from small random weights.

    What the first layer reads from outside the modes stays as it was drawn. A learned row of the map to a sign output
    is therefore :math:`\pi^* v + \sqrt{\pi^*}\, s\, \xi` (up to one factor), with v the mode's input vector and xi
    standard normal in the space that no input occupies. To first order in s the ratio is normal about
    :math:`\rho = N/(N + k_x r^2)`, since the part of v on the sign inputs has length
    :math:`\sqrt{\rho(1-\rho)}` in that space:

    .. math:: \langle\rho_\infty\rangle = \rho, \qquad
              \mathrm{Var}\,\rho_\infty = \frac{4 s^2 \rho (1 - \rho)}{\pi^* n_y}

    Domain: small s, input identity blocks, all output sign features among the inputs, trained to the end.

    Parameters
    ----------
    dataset : SystematicityDataset
    std : float
        Standard deviation s of the initial weights.

    Returns
    -------
    RandomStartMean
        `neglected` is :math:`s^2/\pi^*` times the number of input directions outside the modes: the second order.

    See Also
    --------
    systematicity_ratio : The ratio from an aligned start.

    Examples
    --------
    >>> mean_systematicity_ratio(SystematicityDataset(n_x=3, n_y=1, k_x=8, k_y=1), 1e-3).mean
    0.5
    """
    instance("dataset", dataset, (SystematicityDataset,))
    ratio = systematicity_ratio(dataset)
    final = spectrum(dataset)["sign_to_sign"].pi_star
    free = max(0, dataset.n_inputs - dataset.n_items)
    scale = real("std", std, 0.0) / math.sqrt(final)
    return RandomStartMean(ratio, 2 * scale * math.sqrt(ratio * (1 - ratio) / dataset.n_y), _second_order(scale, free))


def _second_order(scale: float, free: int) -> float:
    """Return scale^2 times a number of directions, infinite beyond the range of floats."""
    shift = max(free.bit_length() - 64, 0)
    try:
        return math.ldexp(scale**2 * (free >> shift), shift)
    except OverflowError:
        return math.inf
