"""How many samples a task of given dimension needs."""

import math

import numpy as np
import pytest
import sympy

from linmod.datasets import PowerLaw, RandomFeatures
from linmod.theory import scaling
from linmod.theory.scaling import symbolic as s

scaled, whitened, law = RandomFeatures.scaled, RandomFeatures.whitened, PowerLaw.with_exponent
# Sample complexity.

NEEDED = {
    (1.5, 0.5): ([14, 34, 106, 500, 4240, 8.67e4], 39),
    (1.5, 0.1): ([169, 1320, 2.49e4, 1.74e6, 8.63e8, 7.94e12], 504),
    (2.0, 0.5): ([25, 192, 5904, 2.94e6, 3.79e11, 3.2e21], 73),
    (2.0, 0.1): ([673, 1.22e5, 2.31e9, 4.5e17, 8.8e33, 1.8e66], 2017),
}


@pytest.mark.parametrize(("omega", "error"), NEEDED)
def test_sample_complexity(omega, error):
    monolithic, modular = NEEDED[omega, error]
    found = [scaling.sample_complexity(law(m, omega), error) for m in range(1, 7)]
    assert [f if isinstance(q, int) else float(f) for f, q in zip(found, monolithic, strict=True)] == pytest.approx(
        monolithic, rel=0.03
    )
    assert all(f == q for f, q in zip(found, monolithic, strict=True) if isinstance(q, int))
    modules = {scaling.modular_sample_complexity(m, 3, 1, omega, error) for m in (3, 8, 1000)}
    assert modules == {modular}


@pytest.mark.parametrize(
    ("omega", "m", "error"), [(1.5, 1, 0.5), (1.5, 3, 0.5), (2.0, 2, 0.5), (2.0, 1, 0.1), (2.0, 3, 0.5), (2.0, 4, 0.5)]
)
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_sample_complexity_is_that_of_an_exhaustive_search(omega, m, error, noise):
    here = law(m, omega)
    needed = scaling.sample_complexity(here, error, noise=noise)

    def best(rows):
        p = np.arange(0, rows - 1)
        tails = (p + 1.0) ** -here.exponent
        return np.min(tails + (tails + noise) * p / (rows - p - 1.0))

    assert best(needed) <= error < best(needed - 1)
    assert scaling.smallest_loss(here, needed, noise=noise) == pytest.approx(best(needed), rel=1e-12)


@pytest.mark.parametrize(("error", "counts"), [(0.5, [25, 49, 73, 121, 193]), (0.1, [673, 1345, 2017, 3361, 5377])])
def test_samples_are_proportional_to_modules(error, counts):
    assert [scaling.sample_complexity(law(1, 2.0), error, k) for k in (1, 2, 3, 5, 8)] == counts


def test_samples_depend_on_the_dimension_of_modules():
    assert [scaling.modular_sample_complexity(9, 3, b, 2.0, 0.5) for b in (1, 2, 3)] == [73, 572, 17709]


@pytest.mark.parametrize(("omega", "slope"), [(1.5, 0.381), (2.0, 0.690)])
def test_logarithm_of_logarithm_grows_by_ln_omega(omega, slope):
    logs = [math.log(scaling.log_sample_complexity(law(m, omega), 0.5)) for m in (11, 13)]
    assert (logs[1] - logs[0]) / 2 == pytest.approx(slope, abs=0.01)
    assert abs((logs[1] - logs[0]) / 2 / (2 * math.log(omega)) - 1) > 0.4


@pytest.mark.parametrize("error", [0.5, 0.1])
def test_logarithms_agree_with_integers_and_asymptotes(error):
    for m in range(2, 9):
        near = scaling.log_sample_complexity(law(m, 2.0), error)
        if near < 300:
            assert near == pytest.approx(
                math.log(scaling.sample_complexity(law(m, 2.0), error)), abs=3 * math.exp(-near / 2) + 1e-13 * near
            )
        first = float(s.log_sample_complexity().subs({s.Omega: 2, s.m: m, s.epsilon: error}))
        assert near == pytest.approx(first, abs=2.0**-m)


def test_dimensions_beyond_range_still_have_a_logarithm():
    assert scaling.log_sample_complexity(law(900, 2.0), 0.5) == pytest.approx(2.0**900 * math.log(2), rel=1e-10)


@pytest.mark.parametrize(
    ("exponent", "error", "ratio"), [(1.0, 0.5, 5.84), (1.0, 0.1, 37.98), (0.5, 0.5, 23.88), (0.5, 0.1, 672.0)]
)
def test_scale_law_needs_a_multiple_of_the_effective_dimension(exponent, error, ratio):
    here = PowerLaw.with_scale(8, 2.0, exponent)
    assert scaling.sample_complexity(here, error) / 256 == pytest.approx(ratio, abs=0.006)
    logs = [scaling.log_sample_complexity(PowerLaw.with_scale(m, 2.0, exponent), error) for m in (20, 21)]
    assert logs[1] - logs[0] == pytest.approx(math.log(2), abs=1e-5)
    if exponent == 1:
        nu = float(s.scale_law_ratio().subs(s.epsilon, sympy.Rational(str(error))))
        assert math.exp(logs[0]) / 2**20 == pytest.approx(nu, rel=1e-5)


@pytest.mark.parametrize(("omega", "m", "rows"), [(1.5, 2, 400), (2.0, 3, 5000)])
def test_optimal_size(omega, m, rows):
    exact = float(s.optimal_size(modules=1).subs({s.N: rows, s.q: 1, s.a: sympy.Rational(str(omega)) ** -m}))
    assert abs(scaling.optimal_size(law(m, omega), rows) - exact) < 1
    assert scaling.optimal_size(law(m, omega), 3) == 0
    assert scaling.smallest_loss(law(m, omega), 3) == 1


def test_first_rows_that_beat_predicting_nothing():
    """Their number is Omega^m / ln 2 + O(1): one feature is the first to pay."""
    first = next(n for n in range(3, 200) if scaling.smallest_loss(law(6, 2.0), n) < 1)
    assert first == 94


@pytest.mark.parametrize(
    ("omega", "error", "counts"), [(1.5, 0.5, [5.9, 14.7, 47, 216]), (2.0, 0.5, [11, 84, 2452]), (1.5, 0.1, [93, 672])]
)
def test_ideal_sample_complexity(omega, error, counts):
    found = [scaling.ideal_sample_complexity(law(m, omega), error) for m in range(1, len(counts) + 1)]
    assert found == pytest.approx(counts, rel=0.01)
    assert [scaling.ideal_loss(law(2, omega), round(found[1]))] == pytest.approx([error], rel=0.03)


def test_ideal_loss_is_that_of_very_many_features():
    here = law(1, 1.5)
    count = 200_000
    model = scaled(here.eigenvalues(count), count, rest=here.tail(count))
    truncated = scaling.deterministic_equivalent(model, 30).test
    assert scaling.ideal_loss(here, 30) == pytest.approx(truncated, rel=2e-3)
    assert scaling.ideal_loss(here, 30) < truncated
