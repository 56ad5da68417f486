"""The closed forms of scaling against their symbolic forms, each other, and numbers worked out elsewhere."""

import math

import mpmath
import numpy as np
import pytest
import sympy

from linmod.datasets import PowerLaw, RandomFeatures
from linmod.problem import NoClosedForm
from linmod.theory import scaling
from linmod.theory.scaling import symbolic as s
from linmod.theory.symbolic.equality import verify_equal

scaled, whitened, law = RandomFeatures.scaled, RandomFeatures.whitened, PowerLaw.with_exponent
# choice, rows, used, features, m, omega, noise, ridge, test loss, train loss
TABLE = [
    (scaled, 60, 20, 100, 2, 1.5, 0.0, 0.0, 0.19644, 0.08656),
    (scaled, 120, 50, 200, 3, 1.5, 0.0, 0.0, 0.17964, 0.06076),
    (scaled, 100, 80, 150, 1, 2.0, 0.0, 0.0, 0.15492, 0.00595),
    (scaled, 60, 20, 100, 2, 1.5, 0.3, 0.0, 0.35028, 0.28656),
    (scaled, 50, 10, 60, 4, 2.0, 0.0, 0.0, 0.10981, 0.06992),
    (scaled, 20, 60, 150, 2, 1.5, 0.0, 0.0, 0.30420, 0.0),
    (scaled, 20, 60, 150, 1, 2.0, 0.0, 0.0, 0.28172, 0.0),
    (scaled, 40, 120, 300, 3, 1.5, 0.0, 0.0, 0.28828, 0.0),
    (scaled, 80, 240, 400, 2, 1.5, 0.0, 0.0, 0.15032, 0.0),
    (scaled, 80, 240, 240, 1, 2.0, 0.0, 0.0, 0.10016, 0.0),
    (scaled, 40, 160, 300, 2, 1.5, 0.2, 0.0, 0.39542, 0.0),
    (scaled, 60, 40, 100, 2, 1.5, 0.2, 2.0, 0.28645, 0.35895),
    (scaled, 40, 40, 100, 2, 1.5, 0.1, 1.0, 0.27723, 0.22130),
    (scaled, 10, 40, 60, 1, 1.5, 0.0, 0.0, 0.28389, 0.0),
]


def of_table(row):
    choice, rows, used, features, m, omega, noise, ridge, *losses = row
    return choice(law(m, omega).eigenvalues(features), used, noise=noise), rows, ridge, *losses


@pytest.mark.parametrize("row", TABLE)
def test_losses_are_those_worked_out_elsewhere(row):
    model, rows, ridge, test, train = of_table(row)
    found = scaling.expected_losses(model, rows, ridge)
    assert (found.test, found.train) == pytest.approx((test, train), abs=6e-6)
    assert (found.declared_error == 0) == (rows > model.used and ridge == 0)


@pytest.mark.parametrize(("row", "percent"), list(zip(TABLE[5:11], (109, 128, 104, 321, 520, 95), strict=True)))
def test_formula_by_f_is_too_large(row, percent):
    model, rows, _, test, _ = of_table(row)
    assert 100 * (scaling.isotropic_losses(model, rows).test / test - 1) == pytest.approx(percent, abs=4)


@pytest.mark.parametrize(
    ("n", "p", "value"), [(30, 10, 0.52632), (60, 50, 5.5556), (12, 30, 0.70588), (20, 80, 0.33898)]
)
def test_inverse_wishart_trace(n, p, value):
    assert scaling.inverse_wishart_trace(n, p) == pytest.approx(value, abs=5e-5)
    assert scaling.inverse_wishart_trace(p, n) == scaling.inverse_wishart_trace(n, p)


@pytest.mark.parametrize(
    ("n", "p", "value"), [(20, 19, math.inf), (20, 20, math.inf), (20, 21, math.inf), (0, 3, 0), (3, 0, 0)]
)
def test_inverse_wishart_trace_at_its_edges(n, p, value):
    assert scaling.inverse_wishart_trace(n, p) == value


def at_50_digits(form, **values):
    with mpmath.workdps(50):
        names = {str(symbol): symbol for symbol in form.free_symbols}
        return mpmath.mpf(
            str(form.subs({names[k]: sympy.Rational(v) for k, v in values.items() if k in names}).evalf(50))
        )


def assert_close(value, exact, roundings=40):
    assert abs(mpmath.mpf(value) - exact) <= roundings * np.finfo(float).eps * abs(exact)


@pytest.mark.parametrize("seed", range(12))
def test_numerical_losses_are_the_symbolic_ones(seed):
    generator = np.random.default_rng(seed)
    variances = generator.exponential(size=int(generator.integers(3, 40)))
    used, rows = int(generator.integers(1, len(variances) + 1)), int(generator.integers(1, 60))
    model = whitened(variances, used, rest=float(generator.random()), noise=float(generator.random()))
    if abs(rows - used) < 2:
        assert scaling.expected_losses(model, rows).test == math.inf
        return
    values = {"N": rows, "p": used, "t_1": model.seen, "t_2": model.unseen, "sigma2": model.noise}
    found = scaling.expected_losses(model, rows)
    assert_close(found.test, at_50_digits(s.expected_test_loss(more_rows=rows > used), **values))
    assert_close(found.train, at_50_digits(s.expected_train_loss(), **values) if rows > used else 0)
    shape = at_50_digits(s.inverse_wishart_trace(more_rows=rows > used), **values)
    assert_close(scaling.inverse_wishart_trace(rows, used), shape)


@pytest.mark.parametrize("m", [1, 3, 12, 40])
@pytest.mark.parametrize("index", [0, 3, 5000])
def test_eigenvalues_do_not_cancel(m, index):
    here = law(m, 1.5)
    with mpmath.workdps(50):
        a = mpmath.mpf(here.exponent)
        exact = mpmath.mpf(index + 1) ** -a - mpmath.mpf(index + 2) ** -a
        assert_close(here.eigenvalues(index + 1)[-1], exact)
        assert_close(here.tail(index), (1 + mpmath.mpf(index)) ** -a)
        if index:
            assert_close(here.head(index), 1 - (1 + mpmath.mpf(index)) ** -a)


@pytest.mark.parametrize("of_law", [law(2, 1.5), PowerLaw.with_scale(5, 2.0, 0.5, total=3.0)])
def test_eigenvalues_and_tail_add_up(of_law):
    assert math.fsum(of_law.eigenvalues(777)) + of_law.tail(777) == pytest.approx(of_law.total, rel=1e-14)
    assert of_law.head(777) + of_law.tail(777) == pytest.approx(of_law.total, rel=1e-15)


def test_dimension_is_lost_in_finitely_many_features():
    """At fixed P the normalised tail tends to 1 - ln(p+1)/ln(P+1), whatever m: its scaling needs P infinite."""
    shares = [(law(m, 2.0).tail(10) - law(m, 2.0).tail(1000)) / law(m, 2.0).head(1000) for m in (10, 20, 30)]
    assert shares == pytest.approx([1 - math.log(11) / math.log(1001)] * 3, rel=2e-3)


# The algebra behind the functions.


def test_optimal_size_is_the_minimum():
    best, loss = s.optimal_size(), s.modular_loss()
    slope = s.K / (s.N - 1 - s.K * s.p), s.a / (s.q + s.p)
    assert verify_equal("slope of the logarithm", sympy.diff(sympy.log(loss), s.p), slope[0] - slope[1]).holds
    assert verify_equal("zero at the optimum", *(side.subs(s.p, best) for side in slope)).holds
    stated = s.a / (1 + s.a) * ((s.N - 1) / s.K + s.q) - s.q
    assert verify_equal("as documented", best, stated).holds
    relative = (loss / s.c).subs(s.p, best).subs(s.N, 1 + s.K * s.q * s.nu)
    assert verify_equal("loss at the optimum", relative, s.smallest_relative_loss()).holds


def test_rows_needed_solve_the_loss():
    assert verify_equal("target", s.modular_loss().subs(s.N, s.samples_needed()), s.epsilon * s.c).holds
    single = (s.samples_needed(modules=1) - 1) * s.K
    assert verify_equal("proportional to K", s.samples_needed() - 1, single).holds
    assert not verify_equal("n* itself is not", s.samples_needed(), s.samples_needed(modules=1) * s.K).holds


@pytest.mark.parametrize("rows", [30, 200])
@pytest.mark.parametrize("scale", [0.25, 4.0])
def test_the_declared_error_covers_the_exact_loss(rows, scale):
    """Where the exact loss is known the deterministic equivalent errs by no more than it declares."""
    used = int(rows * scale)
    model = whitened(np.linspace(1, 0.1, used + 20), used, noise=0.3)
    exact, equivalent = scaling.expected_losses(model, rows), scaling.deterministic_equivalent(model, rows)
    error = abs(equivalent.test / exact.test - 1)
    assert 0 < error <= equivalent.declared_error
    assert equivalent.train == pytest.approx(exact.train, rel=equivalent.declared_error, abs=1e-15)


def test_the_declared_error_is_nearly_attained_near_the_threshold():
    model = whitened(np.full(46, 1e-9), 46, noise=1.0)
    exact, equivalent = scaling.expected_losses(model, 40), scaling.deterministic_equivalent(model, 40)
    assert abs(equivalent.test / exact.test - 1) > 0.8 * equivalent.declared_error


def test_with_all_features_the_loss_is_n_kappa():
    model = scaled(law(1, 2.0).eigenvalues(240), 240)
    kappa = scaling.effective_ridge(model.feature_variances, 80, 0.0)
    assert scaling.deterministic_equivalent(model, 80).test == pytest.approx(80 * kappa, rel=1e-12)


def test_scale_of_features_does_not_matter_without_ridge():
    variances = law(2, 1.5).eigenvalues(100)
    small = RandomFeatures(variances * 1e-6, np.full(100, 1e6), 60)
    assert scaling.expected_losses(small, 20).test == pytest.approx(
        scaling.expected_losses(scaled(variances, 60), 20).test, rel=1e-10
    )


# Gradient flow.


def test_flow_starts_at_nothing_and_ends_at_least_squares():
    model = scaled(law(2, 1.5).eigenvalues(200), 40, noise=0.1)
    found = scaling.flow_losses(model, 80, [0.0, 1e5])
    end = scaling.deterministic_equivalent(model, 80)
    assert (found.test[0], found.train[0]) == pytest.approx((model.seen + model.unseen, model.seen + model.residual))
    assert (found.test[1], found.train[1]) == pytest.approx((end.test, end.train), rel=1e-4)


def test_flow_is_that_worked_out_elsewhere():
    model = scaled(law(2, 1.5).eigenvalues(200), 120, noise=0.1)
    assert scaling.flow_losses(model, 40, [100.0, 500.0]).test == pytest.approx([0.25693, 0.26447], abs=6e-6)


@pytest.mark.parametrize("used", [10, 30])
def test_flow_of_equal_variances_follows_marchenko_and_pastur(used):
    """Integrals over the law's density, against the contour."""
    rows, t = 20, np.array([0.3, 3.0, 30.0])
    model, ratio = whitened(np.full(used, 1 / used), used, noise=0.2), used / rows
    low, high = (1 - ratio**0.5) ** 2, (1 + ratio**0.5) ** 2
    angle = (np.arange(4000) + 0.5) * np.pi / 4000
    mu = (low + high) / 2 - (high - low) / 2 * np.cos(angle)
    weight = ((high - low) / 2 * np.sin(angle)) ** 2 / (2 * np.pi * ratio * mu) * np.pi / 4000
    null = max(0.0, 1 - 1 / ratio)
    kept = np.exp(-np.outer(t, mu))
    test = kept**2 @ weight + null + 0.2 / rows * used * ((1 - kept) ** 2 / mu) @ weight
    assert scaling.flow_losses(model, rows, t).test == pytest.approx(test, rel=1e-5)


def test_flow_given_features_is_the_average_over_targets():
    generator = np.random.default_rng(0)
    model = scaled([1.0, 0.5, 0.2], 2, noise=0.3)
    phi = generator.standard_normal((6, 2)) * np.sqrt([1.0, 0.5])
    found = scaling.flow_losses_given(model, phi, [0.7])
    gain = np.linalg.solve(phi.T @ phi, np.eye(2) - _exponential(-0.7 * phi.T @ phi / 6)) @ phi.T
    wrong = gain @ phi - np.eye(2)
    test = np.trace(np.diag([1.0, 0.5]) @ (wrong @ wrong.T + 0.5 * gain @ gain.T)) + 0.2
    left = np.eye(6) - phi @ gain
    train = np.trace(left @ (phi @ phi.T + 0.5 * np.eye(6)) @ left.T) / 6
    assert (found.test[0], found.train[0]) == pytest.approx((test, train), rel=1e-12)


def _exponential(matrix):
    rates, axes = np.linalg.eigh(matrix)
    return axes @ np.diag(np.exp(rates)) @ axes.T


# The zone that must not be entered, and wrong calls.


@pytest.mark.parametrize("rows", [58, 57, 62])
def test_near_the_threshold_the_equivalent_refuses(rows):
    model = scaled(law(2, 1.5).eigenvalues(100), 60, noise=0.1)
    with pytest.raises(NoClosedForm, match="rows must leave 5 degrees of freedom"):
        scaling.deterministic_equivalent(model, rows)
    with pytest.raises(NoClosedForm, match="times must leave 5 degrees of freedom"):
        scaling.flow_losses(model, rows, [1e7])
    assert scaling.deterministic_equivalent(model, rows, ridge=2.0).test > 0


def test_threshold():
    for used in (19, 20, 21):
        model = scaled(law(1, 2.0).eigenvalues(50), used)
        assert scaling.expected_losses(model, 20).test == math.inf
        assert scaling.expected_losses(model, 20).train == pytest.approx(
            model.unseen * max(0, 1 - used / 20), abs=1e-15
        )
    known = scaled(law(1, 2.0).eigenvalues(20), 20)
    assert scaling.expected_losses(known, 20) == scaling.ExpectedLosses(0.0, 0.0)


MODEL, LAW = whitened([1.0, 0.5, 0.2], 2), PowerLaw(0.5)
WRONG = {
    "rows 0": (lambda: scaling.expected_losses(MODEL, 0), ValueError, "rows must be at least 1"),
    "rows float": (lambda: scaling.expected_losses(MODEL, 3.0), TypeError, "rows must be an integer"),
    "ridge negative": (lambda: scaling.expected_losses(MODEL, 3, -1.0), ValueError, "ridge must be at least 0"),
    "ridge nan": (lambda: scaling.expected_losses(MODEL, 3, math.nan), ValueError, "ridge must be finite"),
    "no model": (lambda: scaling.expected_losses([1.0], 3), TypeError, "model must be RandomFeatures"),
    "used": (lambda: whitened([1.0, 0.5], 3), ValueError, "used must be at most 2 features, got 3"),
    "variances nan": (lambda: scaled([1.0, math.nan], 1), ValueError, "variances must be finite"),
    "variances negative": (lambda: scaled([1.0, -0.1], 1), ValueError, "feature_variances must not be negative"),
    "used of none": (lambda: scaled([0.0, 0.1], 1), ValueError, "feature_variances of used features must be positive"),
    "lengths": (lambda: RandomFeatures([1.0], [1.0, 2.0], 1), ValueError, "weight_variances must have the length"),
    "noise": (lambda: scaled([1.0], 1, noise=-0.1), ValueError, "noise must be at least 0"),
    "modules 0": (lambda: MODEL.repeated(0), ValueError, "modules must be at least 1"),
    "dimension": (lambda: law(0, 2.0), ValueError, "dimension must be at least 1"),
    "dimension large": (lambda: law(2000, 2.0), ValueError, "dimension must keep omega"),
    "omega": (lambda: law(2, 0.5), ValueError, "omega must be at least 1"),
    "exponent": (lambda: PowerLaw(-1.0), ValueError, "exponent must be positive"),
    "error 1": (lambda: scaling.sample_complexity(LAW, 1.0), ValueError, "error must be below 1"),
    "error 0": (lambda: scaling.sample_complexity(LAW, 0.0), ValueError, "error must be positive"),
    "error nan": (lambda: scaling.sample_complexity(LAW, math.nan), ValueError, "error must be finite"),
    "too many": (lambda: scaling.sample_complexity(law(12, 2.0), 0.5), ValueError, "log_sample_complexity"),
    "ideal too many": (lambda: scaling.ideal_sample_complexity(law(12, 2.0), 0.5), ValueError, "log_ideal"),
    "modules": (
        lambda: scaling.modular_sample_complexity(8, 5, 2, 2.0, 0.5),
        ValueError,
        "modules must be at most dimension/module_dimension = 4, got 5",
    ),
    "rows 1": (lambda: scaling.optimal_size(LAW, 1), ValueError, "rows must be at least 2"),
    "no law": (lambda: scaling.sample_complexity(0.5, 0.5), TypeError, "law must be PowerLaw"),
    "times": (lambda: scaling.flow_losses(MODEL, 20, [-1.0]), ValueError, "times must not be negative"),
    "times nan": (lambda: scaling.flow_losses(MODEL, 20, [math.nan]), ValueError, "times must be finite"),
    "features": (
        lambda: scaling.flow_losses_given(MODEL, np.ones((4, 3)), [1.0]),
        ValueError,
        "features must have shape",
    ),
    "mixed": (
        lambda: scaling.flow_losses(RandomFeatures([1.0, 0.5], [1.0, 0.5], 2), 20, [1.0]),
        NoClosedForm,
        "equal variance",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_calls(name):
    call, error, message = WRONG[name]
    with pytest.raises(error, match=message):
        call()
