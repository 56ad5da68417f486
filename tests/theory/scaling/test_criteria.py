"""Other criteria of how many samples suffice: against searches over integers, draws, and their symbolic forms."""

import math

import mpmath
import numpy as np
import pytest
import sympy

from linmod.datasets import PowerLaw, RandomFeatures
from linmod.dynamics import scaling as simulated
from linmod.theory import scaling
from linmod.theory.scaling import symbolic as s
from linmod.theory.symbolic.equality import verify_equal

law = PowerLaw.with_exponent
LAWS = [law(1, 1.5), law(3, 2.0), law(6, 2.0), PowerLaw.with_scale(4, 2.0, 0.5, total=2.0)]


def relative_loss(here, p, n, modules=1, noise=0.0):
    """Relative test loss by its formula, in arithmetic of its own."""
    tail, sigma2 = (1 + p / here.scale) ** -here.exponent, noise / here.total
    return tail + (tail + sigma2) * modules * p / (n - modules * p - 1.0)


@pytest.mark.parametrize("here", LAWS)
@pytest.mark.parametrize(("modules", "noise"), [(1, 0.0), (3, 0.0), (2, 0.7)])
def test_useful_samples_are_those_of_an_exhaustive_search(here, modules, noise):
    found = scaling.useful_sample_complexity(here, modules, noise)

    def best(n):
        return np.min(relative_loss(here, np.arange(1, (n - 2) // modules + 1), n, modules, noise), initial=math.inf)

    assert best(found) < 1 <= best(found - 1)
    assert scaling.optimal_size(here, found, modules, noise) > 0
    assert scaling.optimal_size(here, found - 1, modules, noise) == 0


def test_useful_samples_grow_as_the_effective_dimension():
    assert scaling.useful_sample_complexity(law(6, 2.0)) == 94
    sizes = [scaling.useful_sample_complexity(law(m, 2.0)) for m in range(6, 16)]
    assert np.abs(np.array(sizes) - 2.0 ** np.arange(6, 16) / math.log(2)).max() < 3
    of_scale = [scaling.useful_sample_complexity(PowerLaw.with_scale(m, 2.0, 0.5)) for m in range(6, 16)]
    assert np.abs(np.array(of_scale) - 2.0 ** np.arange(6, 16) / 0.5).max() < 5


@pytest.mark.parametrize("here", LAWS)
@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
@pytest.mark.parametrize(("size", "modules", "noise"), [(1, 1, 0.0), (10, 1, 0.0), (7, 3, 0.2)])
def test_samples_at_fixed_size_are_those_of_a_search(here, share, size, modules, noise):
    """The public losses on either side of the number; 1e-12 for where they meet the target exactly."""
    found = scaling.sample_complexity_at_size(here, size, share, modules, noise)
    model = RandomFeatures.whitened(here.eigenvalues(size), size, rest=here.tail(size), noise=noise).repeated(modules)

    def gained(n):
        return (here.total - scaling.expected_losses(model, n).test) / here.head(size)

    assert gained(found) >= share - 1e-12
    assert found - 1 < modules * size + 2 or gained(found - 1) < share


def test_samples_at_fixed_size_are_a_line_in_the_effective_dimension():
    """They are A + B Omega^m up to O(Omega^-m): three points on a line, and its slope as documented."""
    size, share = 10, 0.5
    needed = [scaling.sample_complexity_at_size(law(m, 2.0), size, share) for m in (12, 13, 14)]
    slope = (needed[2] - needed[1]) / 2.0**13
    assert slope == pytest.approx((needed[1] - needed[0]) / 2.0**12, abs=2 / 2.0**12)
    assert slope == pytest.approx(size / ((1 - share) * math.log(1 + size)), rel=1e-3)
    assert abs(slope / (size / (0.9 * math.log(1 + size))) - 1) > 0.4


@pytest.mark.parametrize("m", [1, 2, 3, 5])
@pytest.mark.parametrize("omega", [1.5, 2.0])
def test_rows_of_the_effective_dimension(m, omega):
    dimension = omega**m
    rows = scaling.samples_of_optimal_size(law(m, omega), dimension)
    assert rows == pytest.approx((1 + dimension) ** 2, rel=1e-13)
    sizes = np.arange(1, round(rows) - 1)
    assert abs(sizes[np.argmin(relative_loss(law(m, omega), sizes, round(rows)))] - dimension) <= 1
    assert abs(sizes[np.argmin(relative_loss(law(m, omega), sizes, round(rows)))] - 1.5 * dimension) > 0.3 * dimension


@pytest.mark.parametrize("modules", [1, 4])
@pytest.mark.parametrize("here", LAWS)
def test_rows_of_optimal_size_invert_it(here, modules):
    for size in (3, 20, 111):
        rows = round(scaling.samples_of_optimal_size(here, size, modules))
        assert abs(scaling.optimal_size(here, rows, modules) - size) <= 1


def test_loss_at_the_effective_dimension_is_still_near_one():
    for m in (4, 8, 12):
        size, rows = 2**m, (1 + 2**m) ** 2
        expected = 1 - (m * math.log(2) - 1) / size
        assert relative_loss(law(m, 2.0), size, rows) == pytest.approx(expected, abs=(m / size) ** 2)


def test_criteria_differ_in_how_they_grow():
    """Slopes of ln n in m about m = 16: ln Omega, ln Omega, 2 ln Omega, and Omega^m ln Omega ln(1/epsilon)."""
    ln = math.log(2.0)
    criteria = [
        (1, lambda m: math.log(scaling.useful_sample_complexity(law(m, 2.0)))),
        (1, lambda m: math.log(scaling.sample_complexity_at_size(law(m, 2.0), 10, 0.5))),
        (2, lambda m: math.log(scaling.samples_of_optimal_size(law(m, 2.0), 2.0**m))),
    ]
    for times, log_rows in criteria:
        slope = (log_rows(17) - log_rows(15)) / 2
        assert slope == pytest.approx(times * ln, abs=1e-3)
        assert abs(slope - (3 - times) * ln) > 0.5, "the other power of Omega^m is told apart"
    near, far = (scaling.log_sample_complexity(law(m, 2.0), 0.5) for m in (15, 17))
    assert (far - near) / 2 > 1e4 * ln


# Draws: the loss crosses its target between two thirds and one and a half of the predicted number.


def simulated_loss(here, size, rows):
    model = RandomFeatures.scaled(here.eigenvalues(size + 30), size, rest=here.tail(size + 30))
    return simulated.estimate_losses(model, rows, draws=1500, targets=64, seed=rows)


@pytest.mark.parametrize("here", [law(2, 2.0), law(3, 2.0), PowerLaw.with_scale(3, 2.0, 1.0)])
def test_useful_samples_in_draws(here):
    needed = scaling.useful_sample_complexity(here)
    below, above = (simulated_loss(here, 1, n) for n in (round(needed / 1.5), round(needed * 1.5)))
    assert below.test - 4.9 * below.test_error > 1
    assert above.test + 4.9 * above.test_error < 1


@pytest.mark.parametrize(("here", "size"), [(law(2, 1.5), 10), (law(3, 2.0), 5), (PowerLaw.with_scale(3, 2.0, 1.0), 4)])
def test_samples_at_fixed_size_in_draws(here, size):
    needed = scaling.sample_complexity_at_size(here, size, 0.5)
    target = 1 - 0.5 * here.head(size)
    below, above = (simulated_loss(here, size, n) for n in (round(needed / 1.4), round(needed * 1.4)))
    assert below.test - 4.9 * below.test_error > target
    assert above.test + 4.9 * above.test_error < target


# Symbolic forms.


def test_symbolic_criteria_solve_the_loss():
    noisy = s.tail() + (s.tail() + s.sigma2) * s.K * s.p / (s.N - s.K * s.p - 1)
    assert verify_equal("useful", noisy.subs(s.N, s.useful_rows()), s.c).holds
    wanted = s.c - s.eta * (s.c - s.tail())
    assert verify_equal("at size", noisy.subs(s.N, s.samples_at_size()), wanted).holds
    assert not verify_equal("another share", noisy.subs(s.N, s.samples_at_size()), wanted.subs(s.eta, 1 - s.eta)).holds
    inverse = s.optimal_size().subs(s.N, s.samples_of_optimal_size())
    assert verify_equal("optimal", inverse, s.p).holds


@pytest.mark.parametrize("here", LAWS)
def test_numerical_criteria_are_the_symbolic_ones(here):
    values = {s.a: sympy.Rational(here.exponent), s.q: sympy.Rational(here.scale), s.c: sympy.Rational(here.total)}
    values |= {s.K: 3, s.sigma2: sympy.Rational(1, 4), s.eta: sympy.Rational(1, 4)}
    with mpmath.workdps(50):
        useful, fixed, optimal = (
            form(size).subs(values).evalf(50)
            for form, size in ((s.useful_rows, 1), (s.samples_at_size, 12), (s.samples_of_optimal_size, 12))
        )
    assert scaling.useful_sample_complexity(here, 3, 0.25) == int(sympy.floor(useful)) + 1
    assert scaling.sample_complexity_at_size(here, 12, 0.25, 3, 0.25) == int(sympy.ceiling(fixed))
    assert scaling.samples_of_optimal_size(here, 12, 3) == pytest.approx(float(optimal), rel=1e-14)


WRONG = {
    "law": (lambda: scaling.useful_sample_complexity(0.5), TypeError, "law must be PowerLaw"),
    "modules": (lambda: scaling.useful_sample_complexity(law(1, 2.0), 0), ValueError, "modules must be at least 1"),
    "noise": (lambda: scaling.useful_sample_complexity(law(1, 2.0), 1, -1.0), ValueError, "noise must be at least 0"),
    "size 0": (lambda: scaling.sample_complexity_at_size(law(1, 2.0), 0, 0.5), ValueError, "size must be at least 1"),
    "share 1": (lambda: scaling.sample_complexity_at_size(law(1, 2.0), 3, 1.0), ValueError, "share must be below 1"),
    "share": (lambda: scaling.sample_complexity_at_size(law(1, 2.0), 3, -0.1), ValueError, "share must be at least 0"),
    "share nan": (lambda: scaling.sample_complexity_at_size(law(1, 2.0), 3, math.nan), ValueError, "must be finite"),
    "size": (lambda: scaling.samples_of_optimal_size(law(1, 2.0), -1), ValueError, "size must be at least 0"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_calls(name):
    call, error, message = WRONG[name]
    with pytest.raises(error, match=message):
        call()
