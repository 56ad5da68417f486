"""Closed forms of the book that are not in :mod:`linmod.theory.symbolic.modes`, in the same symbols."""

from __future__ import annotations

import sympy
from sympy import Expr, Integer, Rational, Symbol, atan, atanh, exp, hyper, log, sqrt, symbols

from .. import modes
from .. import symbols as s

L = Symbol("L", integer=True, positive=True)
pi0, pi = symbols("pi0 pi", positive=True)
lam, delta, sigma = symbols("lam delta sigma", positive=True)
h, rho, j = symbols("h rho j", positive=True)
std_1, std_2 = symbols("std_1 std_2", nonnegative=True)
gamma, nabla = symbols("gamma nabla", real=True)
a = Symbol("a", positive=True)


def two_layer_flow() -> Expr:
    """Balanced flow of two layers from a positive start."""
    return lam / delta / (1 + (lam / (delta * pi0) - 1) * exp(-2 * lam * s.t))


def two_layer_flow_opposite() -> Expr:
    """Flow of two opposite layers, from a negative start."""
    start = Symbol("pi0", negative=True)
    form: Expr = modes.two_layer_flow(pi0=start).subs(start, s.pi0)
    return form


def two_layer_flow_without_correlation() -> Expr:
    """Flow of two layers at lambda = 0."""
    return pi0 / (1 + 2 * delta * pi0 * s.t)


def two_layer_flow_equation() -> Expr:
    """Rate of change of a balanced mode of two layers."""
    return 2 * pi * (lam - delta * pi)


def deep_flow_equation() -> Expr:
    """Rate of change of a balanced mode of L layers."""
    return L * pi ** (2 - Integer(2) / L) * (lam - delta * pi)


def shallow_flow_equation() -> Expr:
    """Rate of change of a shallow mode."""
    return lam - delta * pi


def two_layer_descent_step() -> Expr:
    """Strength of a balanced mode of two layers after one step."""
    return pi * (1 + s.alpha * (lam - delta * pi)) ** 2


def deep_descent_step() -> Expr:
    """Strength of a balanced mode of L layers after one step."""
    gain = pi ** (Integer(1) / L)
    return (gain + s.alpha * gain ** (L - 1) * (lam - delta * pi)) ** L


def _incomplete(x: Expr, layers: Expr = L) -> Expr:
    power = 2 / sympy.sympify(layers) - 1
    return x**power / power * hyper((1, power), (power + 1,), x)


def deep_flow_time() -> Expr:
    """Time at which a mode of L > 2 layers reaches pi."""
    difference = _incomplete(delta * pi / lam) - _incomplete(delta * pi0 / lam)
    return (lam / delta) ** (2 / L - 1) / (L * lam) * difference


def two_layer_flow_time() -> Expr:
    """Time at which a mode of two layers reaches pi."""
    return log(pi * (lam - delta * pi0) / (pi0 * (lam - delta * pi))) / (2 * lam)


def three_layer_flow_time() -> Expr:
    """Time at which a mode of three layers reaches pi."""

    def primitive(strength: Expr) -> Expr:
        q = (delta * strength / lam) ** Rational(1, 3)
        logs = -log(1 - q) / 3 + log(1 + q + q**2) / 6
        return -1 / q + logs - atan((2 * q + 1) / sqrt(3)) / sqrt(3)

    return (delta / lam) ** Rational(1, 3) / lam * (primitive(pi) - primitive(pi0))


def four_layer_flow_time() -> Expr:
    """Time at which a mode of four layers reaches pi."""

    def primitive(strength: Expr) -> Expr:
        root = sqrt(delta * strength / lam)
        return -1 / (2 * root) + atanh(root) / 2

    return sqrt(delta / lam) / lam * (primitive(pi) - primitive(pi0))


def deep_flow_without_correlation() -> Expr:
    """Flow of L > 1 layers at lambda = 0."""
    return pi0 * (1 + (2 * L - 2) * delta * s.t * pi0 ** (2 - 2 / L)) ** (-L / (2 * L - 2))


def deep_flow_unbounded() -> Expr:
    """Flow of L > 2 layers at delta = 0, before it diverges."""
    return pi0 * (1 - (L - 2) * lam * s.t * pi0 ** (1 - 2 / L)) ** (-L / (L - 2))


def half_time_deep() -> Expr:
    """Half time of L > 2 layers."""
    difference = _incomplete(Rational(1, 2)) - _incomplete(delta * pi0 / lam)
    return (lam / delta) ** (2 / L - 1) / (L * lam) * difference


def half_time_deep_small_start() -> Expr:
    """Half time of L > 2 layers as the start tends to zero."""
    return pi0 ** (2 / L - 1) / ((L - 2) * lam)


def final_strength() -> Expr:
    """Strength of a mode after learning."""
    return lam / delta


def expected_strength() -> Expr:
    """Mean initial strength of Gaussian weights in two layers."""
    return h * (std_1**2 + std_2**2) / 4


def _of_class(name: str, quantity: str) -> Expr:
    found: Expr = getattr(modes.spectrum()[name], quantity)
    return found


def lambda_sign_to_sign() -> Expr:
    """Correlation lambda of class 1."""
    return _of_class("sign_to_sign", "lam")


def lambda_sign_to_identity() -> Expr:
    """Correlation lambda of class 2."""
    return _of_class("sign_to_identity", "lam")


def lambda_identity_to_identity() -> Expr:
    """Correlation lambda of class 3."""
    return _of_class("identity_to_identity", "lam")


def lambda_identity_to_sign() -> Expr:
    """Correlation lambda of class 4."""
    return _of_class("identity_to_sign", "lam")


def norm_signs_to_signs() -> Expr:
    """Norm of the block from sign inputs to sign outputs."""
    return sqrt(modes.block_norms_squared()["omega_x", "omega_y"])


def norm_identities_to_signs() -> Expr:
    """Norm of the block from identity inputs to sign outputs."""
    return sqrt(modes.block_norms_squared()["gamma_x", "omega_y"])


def norm_signs_to_identities() -> Expr:
    """Norm of the block from sign inputs to identity outputs."""
    return sqrt(modes.block_norms_squared()["omega_x", "gamma_y"])


def norm_identities_to_identities() -> Expr:
    """Norm of the block from identity inputs to identity outputs."""
    return sqrt(modes.block_norms_squared()["gamma_x", "gamma_y"])


def leaky_systematicity_ratio() -> Expr:
    """Systematicity ratio of a module into which identities of a share rho of their size leak."""
    leak = Symbol("leak", nonnegative=True)
    return s.N / (s.N + leak**2 * s.k_x * s.r**2)


def held_out_one() -> Expr:
    """Held-out error with one item held out."""
    return s.n_y * (rho / (s.N + rho - s.n_x)) ** 2


def held_out_one_trained() -> Expr:
    """Mean held-out error after training on one item."""
    others = s.n_x * (s.N - s.n_x) / (s.N - 1)
    return s.n_y * (1 - 2 * others / (s.n_x * (s.n_x + rho)) + others / (s.n_x + rho) ** 2)


def held_out_mean_set() -> Expr:
    """Held-out error of the mean training set of j items."""
    return s.n_y * (rho / (rho + j * (s.N - s.n_x) / (s.N - 1))) ** 2


def growth_rate() -> Expr:
    """Growth rate of a mode from a small start under a learning rule."""
    own, other = nabla * delta, gamma * sigma
    return (own + other + sqrt((own - other) ** 2 + 4 * lam**2)) / 2


def transverse_rate() -> Expr:
    """Rate of return to the learned map under the contrastive rule."""
    final = lam / delta
    return -delta * (a**2 + (final / a) ** 2 + 2 * gamma * final**2)


def slow_velocity() -> Expr:
    """Drift of the first gain along the learned map under Oja's term."""
    return nabla * delta * a**5 * (1 - a**2) / (a**4 + (lam / delta) ** 2)


def race_coupling() -> Expr:
    """Gain of the identity pathway against that of the sign pathway."""
    return s.r * sqrt(s.k_x / s.N)


def inverse_wishart_trace_over() -> Expr:
    """Expected squared norm of the pseudo-inverse with more features than rows."""
    from ...scaling import symbolic as scaling

    return scaling.inverse_wishart_trace(more_rows=False)


def expected_test_loss_over() -> Expr:
    """Expected test loss with more features than rows."""
    from ...scaling import symbolic as scaling

    return scaling.expected_test_loss(more_rows=False)
