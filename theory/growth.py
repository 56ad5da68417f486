r"""Growth of modes from a small start under a learning rule: rates, directions and order.

While a and b, the gains of the two layers in one mode, are small, every rule is linear:

.. math:: \frac{d}{dt} \begin{pmatrix} a \\ b \end{pmatrix} =
          \begin{pmatrix} \nabla\delta & \lambda \\ \lambda & \gamma\sigma \end{pmatrix}
          \begin{pmatrix} a \\ b \end{pmatrix}
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..problem import Rule
from ..validation import FloatArray, instance
from .spectrum import ModeClass, Spectrum
from .terms import on_small_gains


def growth_rate(lam: ArrayLike, delta: ArrayLike, sigma: ArrayLike, rule: Rule) -> FloatArray:
    r"""Return the rate mu at which a mode grows from a small start: gains as exp(mu t), strength as exp(2 mu t).

    .. math:: \mu = \frac{(\nabla\delta + \gamma\sigma) + \sqrt{(\nabla\delta - \gamma\sigma)^2 + 4\lambda^2}}{2}

    It is lambda for the gradient alone. Domain: small gains; any gamma and nabla, and all Hebbian forms. Under
    descent with a step alpha, gains grow by :math:`1 + \alpha\mu` in each step.

    Parameters
    ----------
    lam, delta, sigma : array_like
        Correlations of the mode.
    rule : Rule

    Returns
    -------
    ndarray
        In units of 1/tau.

    See Also
    --------
    growth_direction : In which direction a mode grows.
    learning_order : Classes in order of their growth rates.

    Examples
    --------
    >>> from linmod import Rule
    >>> [round(float(growth_rate(1.936, 2.5, 1.5, Rule(contrastive=g))), 3) for g in (-1, 0, 1)]
    [1.326, 1.936, 2.826]
    """
    instance("rule", rule, (Rule,))
    lam, (own, other) = np.asarray(lam, dtype=np.float64), on_small_gains(rule, delta, sigma)
    mean, spread = (own + other) / 2, np.hypot((own - other) / 2, lam)
    slower = mean - spread
    with np.errstate(divide="ignore", invalid="ignore"):
        from_product = np.where(slower < 0, (own * other - lam**2) / slower, 0.0)
    return np.where(mean < 0, from_product, mean + spread)


def growth_direction(lam: ArrayLike, delta: ArrayLike, sigma: ArrayLike, rule: Rule) -> tuple[FloatArray, FloatArray]:
    r"""Return the direction of (a, b) in which a mode grows, of length one: :math:`b/a = (\mu - \nabla\delta)/\lambda`.

    Parameters
    ----------
    lam, delta, sigma : array_like
        Correlations of the mode; they broadcast.
    rule : Rule

    Returns
    -------
    a, b : ndarray

    See Also
    --------
    growth_rate : How fast a mode grows in this direction.

    Examples
    --------
    >>> from linmod import Rule
    >>> a, b = growth_direction(1.0, 1.0, 1.0, Rule.gradient())
    >>> round(float(b / a), 12)
    1.0
    """
    instance("rule", rule, (Rule,))
    lam, (own, other) = np.asarray(lam, dtype=np.float64), on_small_gains(rule, delta, sigma)
    lead = own - other
    size = np.abs(lead) + np.hypot(lead, 2 * lam)
    smaller = np.divide(2 * lam, size, out=np.zeros(np.broadcast(lam, lead).shape), where=size > 0)
    larger = 1 / np.hypot(1, smaller)
    return np.where(lead >= 0, larger, smaller * larger), np.where(lead >= 0, smaller * larger, larger)


def class_growth_rate(mode_class: ModeClass, rule: Rule) -> float:
    """Return the growth rate of the modes of one class (see :func:`growth_rate`).

    Examples
    --------
    >>> from linmod import Rule, SystematicityDataset
    >>> from linmod.theory import spectrum
    >>> signs = spectrum(SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1))["sign_to_sign"]
    >>> round(class_growth_rate(signs, Rule.predictive_coding()), 4)
    0.8025
    """
    return float(growth_rate(mode_class.lam, mode_class.delta, mode_class.sigma, rule))


def learning_order(spectrum: Spectrum, rule: Rule) -> tuple[str, ...]:
    """Return the names of the learnable classes in decreasing order of the growth rate, which can differ from lambda.

    Parameters
    ----------
    spectrum : Spectrum
    rule : Rule

    Returns
    -------
    tuple of str

    See Also
    --------
    growth_rate : The rates that decide the order.

    Examples
    --------
    >>> from linmod import Rule, SystematicityDataset
    >>> from linmod.theory import spectrum
    >>> s = spectrum(SystematicityDataset(1, 1, 1, 1, input_signs=[0], output_signs=[1], r_y=0.9))
    >>> learning_order(s, Rule.contrastive_hebbian())[0], learning_order(s, Rule.predictive_coding())[0]
    ('identity_to_sign', 'sign_to_identity')
    """
    fastest_first = sorted(spectrum.learnable, key=lambda c: -class_growth_rate(c, rule))
    return tuple(mode_class.name for mode_class in fastest_first)
