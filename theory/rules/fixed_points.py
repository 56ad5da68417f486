r"""Fixed points of a mode under a learning rule, their stability, and rules without any.

The gains a and b of the two layers in one mode of correlations :math:`\lambda, \delta, \sigma = \lambda^2/\delta` obey

.. math:: \dot a = b\,e + \nabla\delta\, a\,h(a^2), \qquad \dot b = a\,e + \gamma\,(\sigma - \delta a^2b^2)\, b, \qquad
          e = \lambda - \delta ab

with :math:`h(s) = 1 - s` (Oja), :math:`1/(1 + s)` (inverse norm) or :math:`1/(1 - s)` (inverse complement, for
:math:`s < 1`). Times are in units of tau.
Source: "On The Specialization of Neural Modules" (Jarvis, Klein, Rosman & Saxe; ICLR 2023), learning rules.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import hyp2f1

from ...problem import NoClosedForm, Rule
from ...validation import FloatArray, instance, real

REAL = 1e-9
SERIES = 0.5
"""Below it ln(1 - x) + x + x^2/2 cancels, and its series takes its place."""


@dataclass(frozen=True)
class FixedPoint:
    """A point (a, b) where a mode rests; its mirror image (-a, -b) is another one.

    Attributes
    ----------
    a, b : float
        Gains of the first and of the second layer.
    rates : tuple of complex
        Eigenvalues of the linearised flow, in units of 1/tau.

    See Also
    --------
    fixed_points : All fixed points of one mode.
    """

    a: float
    b: float
    rates: tuple[complex, complex]

    @property
    def stable(self) -> bool:
        """Whether nearby flows return to it."""
        return all(rate.real < 0 for rate in self.rates)

    @property
    def largest_step(self) -> float:
        """Largest step of descent for which it is stable; 0 where the flow already is not."""
        return min(2 * -rate.real / abs(rate) ** 2 for rate in self.rates) if self.stable else 0.0


def fixed_points(lam: float, delta: float, rule: Rule) -> tuple[FixedPoint, ...]:
    r"""Return all isolated fixed points of a mode under a rule, up to a common sign of a and b; the origin first.

    With nabla = 0 all points of the line :math:`ab = \pi^*` are fixed points too (see :func:`transverse_rate`). With
    Oja's term only :math:`(1, \pi^*)` of that line is: there the determinant of the linearised flow is
    :math:`2\nabla\delta^2(1 + 2\gamma\pi^{*2})` and its trace :math:`-\delta(1 + 2\nabla + \pi^{*2} +
    2\gamma\pi^{*2})`, so that Hebbian learning (gamma = 0) ends in it and anti-Hebbian learning leaves it. A mixture
    has up to three more, off the line: :math:`s = b^2 > 0` solves

    .. math:: (1 + 2\gamma s)(1 + \gamma s)^2 = \nabla\gamma\,[(1 + \gamma s)^2 - \gamma^2\pi^{*2} s], \qquad
              a = -\frac{\gamma\pi^* b}{1 + \gamma s}

    With the inverse norm or complement, and gamma = 0, there is none but the origin.

    Parameters
    ----------
    lam, delta : float
        Correlations of the mode, positive.
    rule : Rule

    Returns
    -------
    tuple of FixedPoint

    Raises
    ------
    NoClosedForm
        For a mixture with the inverse norm or complement.

    See Also
    --------
    transverse_rate : Rate of return to the curve of fixed points.
    rule_descent : The course of learning under a rule.

    Examples
    --------
    >>> from linmod import Rule
    >>> [(p.a, p.b, p.stable) for p in fixed_points(1.5, 0.5, Rule(hebbian=0.1))]
    [(0.0, 0.0, False), (1.0, 3.0, True)]
    >>> [p.stable for p in fixed_points(1.5, 0.5, Rule(hebbian=-0.1))]
    [False, False]
    """
    pi_star = _pi_star(lam, delta)
    instance("rule", rule, (Rule,))
    if rule.form != "oja" and rule.hebbian and rule.contrastive:
        raise NoClosedForm(f"the fixed points of the mixture {rule} solve no equation of low degree; use form='oja'")
    points = [(0.0, 0.0)]
    if rule.hebbian and rule.form == "oja":
        points += [(1.0, pi_star), *_off_the_line(pi_star, rule)]
    return tuple(FixedPoint(a, b, _rates(a, b, lam, delta, rule)) for a, b in points)


def transverse_rate(a: float, lam: float, delta: float, rule: Rule) -> float:
    r"""Return the rate at which a mode returns to the line :math:`ab = \pi^*` at the point of gain a (nabla = 0).

    .. math:: -\delta\,(a^2 + b^2 + 2\gamma\pi^{*2}), \qquad b = \pi^*/a

    The line is stable there where this is negative: everywhere for gamma > -1; for gamma < -1 not near a = b. From
    a small start with gamma < 0 a mode always ends on the stable part: it cannot cross
    :math:`b^2 = 1/(2|\gamma|)`, where :math:`\dot b \propto ab - \pi^*`, so that :math:`a^2 \ge 2|\gamma|\pi^{*2}`.

    Parameters
    ----------
    a : float
        Gain of the first layer, not 0.
    lam, delta : float
        Correlations of the mode, positive.
    rule : Rule
        With nabla = 0.

    Returns
    -------
    float
        In units of 1/tau.

    See Also
    --------
    fixed_points : The points that it is a rate of return to.

    Examples
    --------
    >>> from linmod import Rule
    >>> transverse_rate(2.0, 4.0, 1.0, Rule.gradient()), transverse_rate(2.0, 4.0, 1.0, Rule.predictive_coding())
    (-8.0, 24.0)
    """
    pi_star, gain = _pi_star(lam, delta), _nonzero("a", a)
    instance("rule", rule, (Rule,))
    if rule.hebbian:
        raise ValueError(f"rule must have hebbian=0, so that the line a b = pi* is at rest, got {rule}")
    return -delta * (gain**2 + (pi_star / gain) ** 2 + 2 * rule.contrastive * pi_star**2)


def slow_velocity(a: float, lam: float, delta: float, rule: Rule) -> float:
    r"""Return the velocity of the gain a along :math:`ab = \pi^*` once a mode has been learned and nabla is small.

    .. math:: \dot a = \nabla\delta\, a\, h(a^2)\,
              \frac{a^2 + 2\gamma\pi^{*2}}{a^2 + \pi^{*2}/a^2 + 2\gamma\pi^{*2}}

    Error: of second order in nabla. At a = 1 it gives the rate :math:`-2\nabla\delta/(1 + \pi^{*2})` for gamma = 0.

    Parameters
    ----------
    a : float
        Gain of the first layer, where the mode is now; not 0.
    lam, delta : float
        Correlations of the mode, positive.
    rule : Rule

    Returns
    -------
    float
        Change of a, in units of 1/tau.

    See Also
    --------
    slow_time : Time that this motion takes.

    Examples
    --------
    >>> from linmod import Rule
    >>> round(slow_velocity(0.5, 1.0, 1.0, Rule(hebbian=0.1)), 6)
    0.002206
    """
    pi_star, gain = _pi_star(lam, delta), _nonzero("a", a)
    instance("rule", rule, (Rule,))
    pull = rule.hebbian * delta * gain * _h(gain**2, rule)
    along = gain**2 + 2 * rule.contrastive * pi_star**2
    return pull * along / (along + (pi_star / gain) ** 2)


def slow_time(a0: float, a1: float, lam: float, delta: float, rule: Rule) -> float:
    r"""Return the time in which the gain of the first layer moves from a0 to a1 along :math:`ab = \pi^*`.

    The integral of :func:`slow_velocity` for Oja's term and gamma = 0, with :math:`s = a^2`:

    .. math:: t = \frac{G(s_0) - G(s_1)}{2\nabla\delta}, \qquad
              G(s) = (1 + \pi^{*2}) \ln\left|1 - \frac1s\right| + \pi^{*2} \left(\frac1s + \frac{1}{2s^2}\right)

    Anti-Hebbian learning from a gain above 1 reaches infinity in the finite time ``slow_time(a0, inf, ...)``; from
    below 1 it tends to :math:`a \to 0`, :math:`b \sim (4 |\nabla| \delta \pi^{*2} t)^{1/4}`, for ever.

    Parameters
    ----------
    a0, a1 : float
        Positive, both below or both above 1; a1 may be infinite.
    lam, delta : float
        Correlations of the mode, positive.
    rule : Rule
        With gamma = 0, nabla not 0 and Oja's form.

    Returns
    -------
    float
        In units of tau; negative where the gain moves the other way.

    See Also
    --------
    slow_velocity : Velocity of this motion.

    Examples
    --------
    >>> from linmod import Rule
    >>> round(slow_time(1.2, math.inf, 1.0, 1.0, Rule(hebbian=-0.1)), 4)
    7.1784
    """
    pi_star = _pi_star(lam, delta)
    instance("rule", rule, (Rule,))
    if rule.contrastive or not rule.hebbian or rule.form != "oja":
        raise NoClosedForm(
            f"slow_time is known for rules with contrastive=0, hebbian not 0 and form='oja', not for {rule}"
        )
    start = real("a0", a0, positive=True)
    if math.isnan(a1) or a1 <= 0 or (start - 1) * (a1 - 1) <= 0:
        raise ValueError(f"a0 and a1 must be positive, both below or both above 1, got {a0} and {a1}")
    from_start, to_end = (_slow_integral(gain, pi_star) for gain in (start, a1))
    return (from_start - to_end) / (2 * rule.hebbian * delta)


def _slow_integral(a: float, pi_star: float) -> float:
    """G of a gain; its derivative by s = a^2 is -(s^2 + pi*^2)/(s^3 (1 - s))."""
    x = a**-2
    logarithm = math.log1p(-x) if x < 1 else math.log(x - 1)
    remainder = -(x**3) / 3 * float(hyp2f1(1, 3, 4, x)) if x < SERIES else logarithm + x + x**2 / 2
    return logarithm + pi_star**2 * remainder


def _off_the_line(pi_star: float, rule: Rule) -> Iterator[tuple[float, float]]:
    gamma, nabla = rule.contrastive, rule.hebbian
    if not gamma:
        return
    cubic = (
        2 * gamma**3,
        5 * gamma**2 - nabla * gamma**3,
        4 * gamma - nabla * gamma * (2 * gamma - gamma**2 * pi_star**2),
        1 - nabla * gamma,
    )
    for root in np.roots(cubic):
        s = float(root.real)
        if abs(root.imag) <= REAL * abs(root) and s > 0 and abs(1 + gamma * s) > REAL:
            b = math.sqrt(s)
            a = -gamma * pi_star * b / (1 + gamma * s)
            yield (a, b) if a >= 0 else (-a, -b)


def _rates(a: float, b: float, lam: float, delta: float, rule: Rule) -> tuple[complex, complex]:
    first, second = np.linalg.eigvals(jacobian(a, b, lam, delta, rule)).astype(complex).tolist()
    return first, second


def jacobian(a: float, b: float, lam: float, delta: float, rule: Rule) -> FloatArray:
    r"""Return the linearised flow of (a, b), shape (2, 2), for :math:`\sigma = \lambda^2/\delta`.

    Examples
    --------
    >>> from linmod import Rule
    >>> jacobian(0.0, 0.0, 2.0, 1.0, Rule.gradient())
    array([[0., 2.],
           [2., 0.]])
    """
    s = a * a
    slope = _slope(s, rule)
    across = lam - 2 * delta * a * b
    return np.array(
        [
            [-delta * b * b + rule.hebbian * delta * slope, across],
            [
                across - 2 * rule.contrastive * delta * a * b**3,
                -delta * s + rule.contrastive * (lam**2 / delta - 3 * delta * s * b * b),
            ],
        ]
    )


def _h(s: float, rule: Rule) -> float:
    if rule.form == "oja":
        return 1 - s
    return 1 / (1 + s) if rule.form == "inverse_norm" else 1 / _complement(s)


def _slope(s: float, rule: Rule) -> float:
    """Derivative of a h(a^2) by a, at s = a^2."""
    if rule.form == "oja":
        return 1 - 3 * s
    return (1 - s) / (1 + s) ** 2 if rule.form == "inverse_norm" else (1 + s) / _complement(s) ** 2


def _complement(s: float) -> float:
    if s >= 1:
        raise ValueError(f"a must be below 1 in magnitude for form='inverse_complement', got a^2={s:g}")
    return 1 - s


def _pi_star(lam: float, delta: float) -> float:
    return real("lam", lam, positive=True) / real("delta", delta, positive=True)


def _nonzero(name: str, value: float) -> float:
    number = real(name, value)
    if number == 0:
        raise ValueError(f"{name} must not be 0 on the line a b = pi*")
    return number
