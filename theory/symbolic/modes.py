"""The closed forms as sympy expressions, to print, differentiate, substitute or lambdify.

Each function bears the name, and takes the arguments, of its numerical counterpart; the arguments default to
the symbols of :mod:`linmod.theory.symbolic.symbols`. A parameter given as exact 0 selects the limiting form where the
general one is 0/0. Time is in units of tau. Sources: "On The Specialization of Neural Modules" (Jarvis, Klein,
Rosman, Saxe; ICLR 2023) for the dataset space, Saxe, McClelland & Ganguli 2014 for the dynamics of learning.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Eq, Expr, Integer, Piecewise, exp, log, sign, sqrt, sympify

from ...datasets import CLASS_NAMES
from ...problem import BlockPair
from . import symbols as s

SIGN_FEATURES = ((1, 1), (1, 0), (0, 0), (0, 1))
"""Of each class, whether its modes are sign features of the inputs and of the outputs."""


@dataclass(frozen=True)
class SymbolicClass:
    """Multiplicity and correlations of one class of modes; ``pi_star`` is lambda/delta after learning."""

    name: str
    count: Expr
    lam: Expr
    delta: Expr
    sigma: Expr
    pi_star: Expr


def spectrum(*, n_shared: Expr = s.n_y, r_x: Expr = s.r, r_y: Expr = s.r) -> dict[str, SymbolicClass]:
    r"""Return the four classes of modes of a systematicity dataset.

    A mode has :math:`\delta = s_x + k_x r_x^2/N`, :math:`\sigma = s_y + k_y r_y^2/N` and
    :math:`\lambda = \sqrt{\delta\sigma}`, where :math:`s_x, s_y \in \{0, 1\}` tell whether it is a sign feature
    of the inputs and of the outputs. Domain: any N, k and r; a mode with :math:`\lambda = 0` has no singular
    vectors (and for :math:`\delta = 0` no ``pi_star``).

    Parameters
    ----------
    n_shared, r_x, r_y : Expr
        Number of sign features that are both input and output (all outputs, unless given); identity scales.

    Examples
    --------
    >>> spectrum()["sign_to_identity"].lam
    sqrt(k_y)*sqrt(N + k_x*r**2)*Abs(r)/N
    >>> [c.count for c in spectrum().values()]
    [n_y, n_x - n_y, N - n_x, 0]
    """
    counts = (n_shared, s.n_x - n_shared, s.N - s.n_x - s.n_y + n_shared, s.n_y - n_shared)
    c_x, c_y = s.k_x * r_x**2, s.k_y * r_y**2
    classes = {}
    for name, count, (s_x, s_y) in zip(CLASS_NAMES, counts, SIGN_FEATURES, strict=True):
        x, y = sqrt(s_x * s.N + c_x), sqrt(s_y * s.N + c_y)
        classes[name] = SymbolicClass(name, sympify(count), x * y / s.N, x**2 / s.N, y**2 / s.N, y / x)
    return classes


def block_norms_squared(*, n_shared: Expr = s.n_y, r_x: Expr = s.r, r_y: Expr = s.r) -> dict[BlockPair, Expr]:
    r"""Return the squared Frobenius norms of the blocks of :math:`W = \sum_\alpha \pi_\alpha u_\alpha v_\alpha^\top`.

    .. math:: |W_{io}|^2 = \sum_c n_c \pi_c^2\, f_{ic}\, g_{oc}

    with :math:`f = s_x/\delta` the share of v on the sign inputs, :math:`g = s_y/\sigma` that of u on the sign
    outputs, and :math:`1 - f`, :math:`1 - g` on the identity blocks. Parameters: as for :func:`spectrum`.
    Domain: modes with :math:`\lambda > 0`; set ``pi_c`` to 0 for a class without.

    Examples
    --------
    >>> block_norms_squared()["omega_x", "omega_y"]
    N**2*n_y*pi_1**2/((N + k_x*r**2)*(N + k_y*r**2))
    """
    blocks = dict.fromkeys(((i, o) for o in ("omega_y", "gamma_y") for i in ("omega_x", "gamma_x")), Integer(0))
    classes = spectrum(n_shared=n_shared, r_x=r_x, r_y=r_y).values()
    for c, pi, (s_x, s_y) in zip(classes, s.class_strengths, SIGN_FEATURES, strict=True):
        shares_in = {"omega_x": s_x / c.delta, "gamma_x": s.k_x * r_x**2 / (s.N * c.delta)}
        shares_out = {"omega_y": s_y / c.sigma, "gamma_y": s.k_y * r_y**2 / (s.N * c.sigma)}
        for source, target in blocks:
            blocks[source, target] += c.count * pi**2 * shares_in[source] * shares_out[target]
    return blocks


def aligned_loss(*, n_shared: Expr = s.n_y, r_x: Expr = s.r, r_y: Expr = s.r) -> Expr:
    r"""Return the loss of a map with strength ``pi_c`` in all modes of class c.

    .. math:: L = \sum_c \tfrac12 n_c (\sigma_c - 2\lambda_c\pi_c + \delta_c\pi_c^2)

    Parameters and domain: as for :func:`block_norms_squared`.

    Examples
    --------
    >>> aligned_loss().subs({s.k_x: 0, s.k_y: 0})
    n_y*(pi_1**2 - 2*pi_1 + 1)/2 + pi_2**2*(n_x - n_y)/2
    """
    classes = spectrum(n_shared=n_shared, r_x=r_x, r_y=r_y).values()
    pairs = zip(classes, s.class_strengths, strict=True)
    return sum((c.count * (c.sigma - 2 * c.lam * pi + c.delta * pi**2) / 2 for c, pi in pairs), Integer(0))


def systematicity_ratio(*, r_x: Expr = s.r) -> Expr:
    r"""Return the share of the sign inputs in the map to the sign outputs, :math:`N/(N + k_x r_x^2)`.

    Domain: aligned maps with ``n_shared = n_y > 0`` (all output sign features are inputs) and ``pi_1 != 0``.

    Examples
    --------
    >>> systematicity_ratio()
    N/(N + k_x*r**2)
    """
    return s.N / (s.N + s.k_x * r_x**2)


def shallow_flow(lam: Expr = s.lam, delta: Expr = s.delta, pi0: Expr = s.pi0, t: Expr = s.t) -> Expr:
    """Return the gradient flow of one shallow mode; domain: delta >= 0, any real lambda and pi0.

    Examples
    --------
    >>> shallow_flow()
    pi0*exp(-delta*t) + lam*(1 - exp(-delta*t))/delta
    >>> shallow_flow(delta=0)
    lam*t + pi0
    """
    return lam * _phi(delta, t) + pi0 * exp(-delta * t)


def shallow_flow_equation(lam: Expr = s.lam, delta: Expr = s.delta) -> Eq:
    """Return the equation of motion that :func:`shallow_flow` solves.

    Examples
    --------
    >>> shallow_flow_equation()
    Eq(Derivative(pi(t), t), -delta*pi(t) + lam)
    """
    return Eq(s.pi(s.t).diff(s.t), lam - delta * s.pi(s.t))


def shallow_descent(
    lam: Expr = s.lam, delta: Expr = s.delta, pi0: Expr = s.pi0, step_size: Expr = s.alpha, steps: Expr = s.n
) -> Expr:
    """Return the gradient descent of one shallow mode; domain: delta >= 0, any real lambda and pi0.

    Examples
    --------
    >>> shallow_descent(pi0=0)
    lam*(1 - (-alpha*delta + 1)**n)/delta
    """
    delta = sympify(delta)
    decay = (1 - step_size * delta) ** steps
    learned = step_size * steps if delta.is_zero else (1 - decay) / delta
    return pi0 * decay + lam * learned


def shallow_descent_equation(lam: Expr = s.lam, delta: Expr = s.delta, step_size: Expr = s.alpha) -> Eq:
    """Return the recursion that :func:`shallow_descent` solves.

    Examples
    --------
    >>> shallow_descent_equation()
    Eq(pi(n + 1), alpha*(-delta*pi(n) + lam) + pi(n))
    """
    return Eq(s.pi(s.n + 1), s.pi(s.n) + step_size * (lam - delta * s.pi(s.n)))


def two_layer_flow(lam: Expr = s.lam, delta: Expr = s.delta, pi0: Expr = s.pi0, t: Expr = s.t) -> Expr:
    """Return the gradient flow of one balanced two-layer mode; domain: lambda, delta >= 0, any real pi0.

    The branch pi0 < 0 is the start with opposite layers, which ends in the saddle at zero. A pi0 of known sign
    selects its branch.

    Examples
    --------
    >>> from sympy import Symbol
    >>> two_layer_flow(pi0=Symbol("pi0", positive=True))
    pi0/(delta*pi0*(1 - exp(-2*lam*t))/lam + exp(-2*lam*t))
    >>> two_layer_flow(lam=0, pi0=Symbol("pi0", positive=True))
    pi0/(2*delta*pi0*t + 1)
    """
    pi0 = sympify(pi0)
    decay, gain = exp(-2 * lam * t), 2 * delta * pi0 * _phi(2 * lam, t)
    return Piecewise((pi0 / (decay + gain), pi0 >= 0), (pi0 * decay / (1 - gain), True))


def two_layer_flow_equation(lam: Expr = s.lam, delta: Expr = s.delta, pi0: Expr = s.pi0) -> Eq:
    """Return the equation of motion that :func:`two_layer_flow` solves; a start at zero stays there.

    Examples
    --------
    >>> two_layer_flow_equation(pi0=1)
    Eq(Derivative(pi(t), t), (-2*delta*pi(t) + 2*lam)*pi(t))
    """
    state = s.pi(s.t)
    return Eq(state.diff(s.t), (2 * sign(pi0) * (lam - delta * state)).expand() * state)


def two_layer_vector_squares(
    lam: Expr = s.lam, delta: Expr = s.delta, y0: Expr = s.y0, z0: Expr = s.z0, t: Expr = s.t
) -> tuple[Expr, Expr]:
    r"""Return the squared lengths :math:`y = |a + b|^2`, :math:`z = |a - b|^2` of the hidden vectors over time.

    .. math:: y = y_0 \frac{p + mE + \delta z_0\varphi}{m + pE + \delta y_0\varphi}, \quad yz = y_0z_0, \quad
              w^2 = \lambda^2 + \tfrac14\delta^2y_0z_0, \quad E = e^{-2wt}, \quad
              \varphi = \frac{1 - E}{2w}, \quad p, m = 1 \pm \frac{\lambda}{w}

    with m written as :math:`\delta^2y_0z_0/4w(w + \lambda)`, which does not cancel. For w = 0 :math:`p + mE` and
    :math:`m + pE` become 2, and :math:`\varphi = t`. Domain: all parameters >= 0.

    Examples
    --------
    >>> two_layer_vector_squares(delta=0)
    (y0*exp(2*lam*t), z0*exp(-2*lam*t))
    """
    coupling = sympify(delta) ** 2 * y0 * z0 / 4
    w = sqrt(sympify(lam) ** 2 + coupling)
    phi = _phi(2 * w, t)
    if w.is_zero:
        up, down = 2 + delta * z0 * phi, 2 + delta * y0 * phi
    else:
        p, m, decay = 1 + lam / w, coupling / (w * (w + lam)), exp(-2 * w * t)
        up, down = p + m * decay + delta * z0 * phi, m + p * decay + delta * y0 * phi
    return y0 * up / down, z0 * down / up


def two_layer_vector_flow(
    lam: Expr = s.lam, delta: Expr = s.delta, y0: Expr = s.y0, z0: Expr = s.z0, t: Expr = s.t
) -> Expr:
    """Gradient flow of one two-layer mode from any hidden vectors, pi = (y - z)/4; domain: all >= 0.

    Examples
    --------
    >>> two_layer_vector_flow(lam=0, z0=0)
    y0/(2*(delta*t*y0 + 2))
    """
    y, z = two_layer_vector_squares(lam, delta, y0, z0, t)
    return (y - z) / 4


def two_layer_vector_equations(
    lam: Expr = s.lam, delta: Expr = s.delta, y0: Expr = s.y0, z0: Expr = s.z0
) -> tuple[Eq, Eq, Eq]:
    """Return the equations of motion of pi, y and z that the vector forms solve; yz = y0 z0 is conserved.

    Examples
    --------
    >>> two_layer_vector_equations(z0=0)[1]
    Eq(Derivative(y(t), t), -delta*y(t)**2/2 + 2*lam*y(t))
    """
    pi, y, z, drive = s.pi(s.t), s.y(s.t), s.z(s.t), delta * y0 * z0 / 2
    return (
        Eq(pi.diff(s.t), sqrt(4 * pi**2 + y0 * z0) * (lam - delta * pi)),
        Eq(y.diff(s.t), drive + 2 * lam * y - delta * y**2 / 2),
        Eq(z.diff(s.t), drive - 2 * lam * z - delta * z**2 / 2),
    )


def two_layer_descent_step(
    lam: Expr = s.lam, delta: Expr = s.delta, y: Expr = s.y0, z: Expr = s.z0, step_size: Expr = s.alpha
) -> tuple[Expr, Expr]:
    """Return one step of gradient descent of y and z; :func:`linmod.theory.two_layer_descent` iterates it.

    Examples
    --------
    >>> two_layer_descent_step(delta=0)
    (y0*(alpha*lam + 1)**2, z0*(-alpha*lam + 1)**2)
    """
    change = step_size * (lam - delta * (y - z) / 4)
    return (1 + change) ** 2 * y, (1 - change) ** 2 * z


def half_time_shallow(lam: Expr = s.lam, delta: Expr = s.delta, pi0: Expr = s.pi0) -> Expr:
    """Return the time at which a shallow mode is half learned; domain: lambda, delta > 0, pi0 < lambda/(2 delta).

    Examples
    --------
    >>> half_time_shallow(pi0=0)
    log(2)/delta
    """
    return log(2 * (1 - delta * pi0 / lam)) / delta


def half_time_two_layer(lam: Expr = s.lam, delta: Expr = s.delta, pi0: Expr = s.pi0) -> Expr:
    """Return the time at which a two-layer mode is half learned; domain: lambda, delta > 0, 0 < pi0 < lambda/(2 delta).

    Examples
    --------
    >>> half_time_two_layer()
    log(-1 + lam/(delta*pi0))/(2*lam)
    """
    return log(lam / (delta * pi0) - 1) / (2 * lam)


def _phi(rate: Expr, t: Expr) -> Expr:
    """Return the integral of exp(-rate t) from 0 to t."""
    rate = sympify(rate)
    return sympify(t) if rate.is_zero else (1 - exp(-rate * t)) / rate
