r"""The closed forms of scaling as sympy expressions.

Each function bears the name of its numerical counterpart in :mod:`linmod.theory.scaling`; the arguments default to
the symbols below. Sources: "Breaking Neural Network Scaling Laws with Modularity" (Boopathy, Jiang, Yue, Hwang, Iyer &
Fiete, ICLR 2025) for the setting; Hastie, Montanari, Rosset & Tibshirani (2022) and Belkin, Hsu & Xu (2020) for the
losses.
"""

from __future__ import annotations

from sympy import Expr, Integer, Rational, Symbol, log, solve, symbols, sympify

N = Symbol("N", positive=True)
"""Rows."""
p = Symbol("p", nonnegative=True)
"""Used features, per module where there are several."""
K = Symbol("K", positive=True)
"""Modules."""
t_1, t_2, sigma2 = symbols("t_1 t_2 sigma2", nonnegative=True)
"""Variance of the target in the used features, outside them, and of the label noise."""
a, q, c = symbols("a q c", positive=True)
"""Exponent, scale and total of a :class:`~linmod.datasets.PowerLaw`."""
epsilon = Symbol("epsilon", positive=True)
"""Relative test loss."""
eta = Symbol("eta", nonnegative=True)
"""Share of what can be gained over predicting 0."""
m, Omega = symbols("m Omega", positive=True)
"""Dimension of the task, and the base with which its effective dimension grows."""
nu = Symbol("nu", positive=True)
"""Rows per module in units of the law's scale, (N - 1)/(K q)."""


def inverse_wishart_trace(rows: Expr = N, features: Expr = p, *, more_rows: bool = True) -> Expr:
    """Return the expected squared norm of the pseudo-inverse away from the threshold; domain: |N - p| >= 2.

    Examples
    --------
    >>> inverse_wishart_trace()
    p/(N - p - 1)
    >>> inverse_wishart_trace(20, 60, more_rows=False)
    20/39
    """
    small, large = (features, rows) if more_rows else (rows, features)
    return sympify(small) / (sympify(large) - small - 1)


def expected_test_loss(rows: Expr = N, features: Expr = p, *, more_rows: bool = True) -> Expr:
    """Return the expected test loss; domain: N >= p + 2, or p >= N + 2 and used features of equal variance.

    Examples
    --------
    >>> expected_test_loss().subs(sigma2, 0).factor()
    -t_2*(N - 1)/(-N + p + 1)
    """
    missed = Integer(0) if more_rows else t_1 * (1 - rows / sympify(features))
    return missed + t_2 + (t_2 + sigma2) * inverse_wishart_trace(rows, features, more_rows=more_rows)


def expected_train_loss(rows: Expr = N, features: Expr = p) -> Expr:
    """Return the expected train loss; domain: N >= p. It is 0 for p > N.

    Examples
    --------
    >>> expected_train_loss()
    (1 - p/N)*(sigma2 + t_2)
    """
    return (t_2 + sigma2) * (1 - sympify(features) / rows)


def tail(features: Expr = p) -> Expr:
    """Return the sum of the eigenvalues of a power law beyond the first p.

    Examples
    --------
    >>> tail()
    c/(p/q + 1)**a
    """
    return c * (1 + sympify(features) / q) ** -a


def dimension_exponent() -> Expr:
    """Return the exponent of the law in which the dimension slows the decay, with scale 1.

    Examples
    --------
    >>> dimension_exponent()
    Omega**(-m)
    """
    return Omega**-m


def modular_loss(rows: Expr = N, features: Expr = p, modules: Expr = K) -> Expr:
    """Return the test loss of K modules with p features each; domain: N >= K p + 2, no label noise.

    Examples
    --------
    >>> modular_loss().subs(p, 0)
    c
    """
    return tail(features) * (rows - 1) / (rows - modules * features - 1)


def optimal_size(rows: Expr = N, modules: Expr = K) -> Expr:
    """Return the real number of features per module that minimises the test loss: the zero of its log-derivative.

    Examples
    --------
    >>> optimal_size(modules=1).subs({q: 1, a: Omega**-m}).simplify()
    (N - Omega**m - 1)/(Omega**m + 1)
    """
    slope = (-a / (q + p) + modules / (sympify(rows) - modules * p - 1)).together().as_numer_denom()[0]
    (size,) = solve(slope, p)
    return size


def samples_needed(features: Expr = p, modules: Expr = K) -> Expr:
    """Return the rows with which p features per module reach relative test loss epsilon; domain: tail below epsilon.

    Its minimum over integers p, rounded up, is :func:`linmod.theory.scaling.sample_complexity`.

    Examples
    --------
    >>> samples_needed()
    K*epsilon*p/(epsilon - 1/(p/q + 1)**a) + 1
    """
    return 1 + modules * epsilon * sympify(features) / (epsilon - tail(features) / c)


def smallest_relative_loss() -> Expr:
    r"""Return the relative test loss at the optimal real size, as a function of nu; domain: :math:`\nu \ge 1/a`.

    It does not depend on q and K, so that the rows needed at real sizes are 1 + K q nu(epsilon, a).

    Examples
    --------
    >>> smallest_relative_loss().subs(a, 1).simplify()
    4*nu/(nu + 1)**2
    """
    return (a * (nu + 1) / (1 + a)) ** -a * (1 + a) * nu / (nu + 1)


def scale_law_ratio() -> Expr:
    r"""Return the rows per effective dimension at exponent a = 1, :math:`n^*/\Omega^m`: the larger root of the loss.

    Examples
    --------
    >>> scale_law_ratio().subs(epsilon, Rational(1, 2))
    2*sqrt(2) + 3
    """
    roots = solve(4 * nu - epsilon * (1 + nu) ** 2, nu)
    return max(roots, key=lambda root: float(root.subs(epsilon, Rational(1, 2))))


def log_sample_complexity() -> Expr:
    r"""Return the first terms of :math:`\ln n^*` for the law in which the dimension slows the decay, for large m.

    Examples
    --------
    >>> log_sample_complexity()
    Omega**m*log(1/epsilon) + m*log(Omega) + 1
    """
    return Omega**m * log(1 / epsilon) + m * log(Omega) + 1


def useful_rows(features: Expr = p, modules: Expr = K) -> Expr:
    """Return the rows above which p features per module predict better than 0; smallest at p = 1.

    Examples
    --------
    >>> useful_rows(1).subs({sigma2: 0, q: 1, a: 1})
    2*K + 1
    """
    return 1 + modules * sympify(features) * (c + sigma2) / (c - tail(features))


def samples_at_size(features: Expr = p, modules: Expr = K) -> Expr:
    """Return the rows with which p features per module gain the share eta; domain: eta below 1.

    Examples
    --------
    >>> samples_at_size(1).subs({sigma2: 0, q: 1, a: 1, eta: 0})
    2*K + 1
    """
    lost = (tail(features) + sigma2) / (c - tail(features))
    return 1 + modules * sympify(features) * (1 + lost / (1 - eta))


def samples_of_optimal_size(features: Expr = p, modules: Expr = K) -> Expr:
    """Return the rows at which p features per module are the best real size, without label noise.

    Examples
    --------
    >>> samples_of_optimal_size(Omega**m, 1).subs({q: 1, a: Omega**-m}).factor()
    (Omega**m + 1)**2
    """
    return 1 + modules * ((1 + a) / a * (features + q) - q)


def deterministic_equivalent_isotropic(rows: Expr = N, features: Expr = p) -> Expr:
    """Return the test loss by the deterministic equivalent for equal variances without ridge; domain: p > N.

    It differs from :func:`expected_test_loss` by p - N in place of p - N - 1.

    Examples
    --------
    >>> (deterministic_equivalent_isotropic() - expected_test_loss(more_rows=False)).factor()
    -N*(sigma2 + t_2)/((-N + p)*(-N + p - 1))
    """
    return t_1 * (1 - rows / sympify(features)) + t_2 + (t_2 + sigma2) * rows / (features - rows)
