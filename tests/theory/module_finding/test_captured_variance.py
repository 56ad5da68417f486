"""The closed form of what one direction captures, and the sine-wave tasks."""

import mpmath
import numpy as np
import pytest
import sympy

from linmod import theory
from linmod.datasets import SineTask
from linmod.theory.module_finding import symbolic

H = theory.sine_coefficients((1.0, 3.0, 5.0), (1.0, 0.5, 0.2), SineTask(seed=4).phases[:, :, 0, 0])


@pytest.mark.parametrize("k", [0, 1, 2, 3, 7])
def test_symbolic_coefficient_is_its_integral(k):
    with mpmath.workdps(40):
        for omega, phase in ((0.5, 0.3), (2.0, -1.0), (-1.0, 2.0)):
            values = {symbolic.omega: sympy.Rational(omega), symbolic.phase: sympy.Rational(phase)}
            polynomial = sympy.lambdify(symbolic.z, symbolic.hermite_polynomial(k), "mpmath")

            def integrand(z, omega=omega, phase=phase, polynomial=polynomial):
                return (
                    mpmath.npdf(z)
                    * mpmath.sin(omega * z + mpmath.mpf(sympy.Rational(phase).p) / sympy.Rational(phase).q)
                    * polynomial(z)
                )

            expected = mpmath.quad(integrand, mpmath.linspace(-15, 15, 31))
            exact = sympy.N(symbolic.sine_coefficient(k).subs(values), 40)
            assert abs(expected - mpmath.mpf(str(exact))) < mpmath.mpf(10) ** -28


def test_hermite_polynomials_are_orthonormal():
    for j in range(5):
        for k in range(5):
            product = symbolic.hermite_polynomial(j) * symbolic.hermite_polynomial(k)
            assert symbolic.normal_mean(product) == int(j == k)


def test_mehler():
    """E[He_j(r z + sqrt(1 - r^2) w) He_k(z)] is r^k for j = k and 0 otherwise."""
    r, w = sympy.symbols("r w", real=True)
    for j in range(4):
        for k in range(4):
            other = sympy.expand(symbolic.hermite_polynomial(j, r * symbolic.z + sympy.sqrt(1 - r**2) * w))
            moments = [1, 0, 1, 0, 3]
            mean = sum(other.coeff(w, p) * moments[p] for p in range(5))
            result = symbolic.normal_mean(mean * symbolic.hermite_polynomial(k))
            assert sympy.simplify(result - (r**k if j == k else 0)) == 0


def test_numerical_coefficients_are_the_symbolic_ones():
    for omega, phase in ((0.3, 1.0), (5.0, -2.0), (-2.0, 0.5), (12.0, 0.1)):
        degrees = 40
        numerical = theory.sine_coefficients([omega], [1.0], [[phase]], degrees=degrees)[0]
        values = {symbolic.omega: sympy.Rational(omega), symbolic.phase: sympy.Rational(phase)}
        exact = [float(sympy.N(symbolic.sine_coefficient(k).subs(values), 50)) for k in range(degrees + 1)]
        assert np.allclose(numerical, exact, rtol=1e-11, atol=1e-15)
    assert theory.sine_coefficients([0.0], [2.0], [[0.5]])[0][:3] == pytest.approx([2 * np.sin(0.5), 0, 0])


def test_parseval():
    z, weights = np.polynomial.hermite_e.hermegauss(120)
    task = SineTask(seed=4)
    for phases, h in zip(task.phases[:, :, 0, 0], H, strict=True):
        values = sum(a * np.sin(f * z + p) for a, f, p in zip(task.amplitudes, task.frequencies, phases, strict=True))
        assert np.sum(weights * values**2) / np.sqrt(2 * np.pi) == pytest.approx(np.sum(h**2), rel=1e-9)


def test_captured_variance_is_the_symbolic_one_and_that_of_samples():
    rho = np.array([0.6, -0.5, 0.3])
    exact = symbolic.captured_variance(
        [[sympy.Float(v, 50) for v in row] for row in H], [sympy.Float(v, 50) for v in rho]
    )
    value = theory.captured_variance(H, rho)
    assert value == pytest.approx(float(exact), rel=1e-12)
    assert theory.captured_variance(H, -rho) == pytest.approx(value, rel=1e-12)
    task = SineTask(seed=4, held_out_above=np.inf)
    sample = task.test(200_000)
    direction = (
        rho @ task.projections[:, :, 0] + np.sqrt(1 - rho @ rho) * np.linalg.svd(task.projections[:, :, 0])[2][-1]
    )
    t = sample.X @ direction
    edges = np.quantile(t, np.linspace(0, 1, 201)[1:-1])
    bins = np.digitize(t, edges)
    count = np.bincount(bins)
    means = np.bincount(bins, sample.clean[:, 0]) / count
    between = np.sum(count * (means - sample.clean.mean()) ** 2) / len(t)
    assert abs(between - value) < 0.004 * np.sum(H[:, 1:] ** 2)
    wrong = rho**2 @ np.sum(H[:, 1:] ** 2, axis=1)
    assert abs(between - wrong) > 0.02 * np.sum(H[:, 1:] ** 2)


def test_tilt_is_the_slope_at_a_module():
    for module in range(3):
        tilt = theory.module_tilt(H, module)
        for other in set(range(3)) - {module}:
            ends = []
            for angle in (1e-5, -1e-5):
                rho = np.zeros(3)
                rho[module], rho[other] = np.cos(angle), np.sin(angle)
                ends.append(theory.captured_variance(H, rho))
            assert tilt[other] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-8)


def test_best_direction_beats_every_direction_of_a_fine_grid():
    best = theory.captured_variance(H, theory.best_direction(H))
    azimuth, height = np.meshgrid(np.linspace(0, np.pi, 60), np.linspace(-1, 1, 60))
    rest = np.sqrt(1 - height**2)
    grid = np.stack([rest * np.cos(azimuth), rest * np.sin(azimuth), height], axis=-1).reshape(-1, 3)
    assert best >= max(theory.captured_variance(H, rho) for rho in grid)
    assert best > max(theory.captured_variance(H, rho) for rho in np.eye(3)), "a mixture beats all modules"


def test_fast_waves_favour_modules_and_slow_ones_mixtures():
    phases = SineTask(frequencies=(1.0,), amplitudes=(1.0,), seed=0).phases[:, :, 0, 0]
    overlap = {f: np.abs(theory.best_direction(theory.sine_coefficients([f], [1.0], phases))).max() for f in (1.0, 3.0)}
    assert overlap[1.0] < 0.9
    assert overlap[3.0] > 0.99


WRONG_THEORY = {
    "phases": (
        lambda: theory.sine_coefficients([1.0], [1.0], [[0.0, 1.0]]),
        r"must have the same length, got 1, 1 and 2",
    ),
    "overlaps": (lambda: theory.captured_variance(H, [1.0]), r"overlaps must be one for each of 3 modules, got 1"),
    "long overlaps": (lambda: theory.captured_variance(H, [1.0, 1.0, 0.0]), r"overlaps must have length at most 1"),
    "module": (lambda: theory.module_tilt(H, 3), r"module must be below 3, got 3"),
    "ridge": (lambda: theory.ridge_direction(np.eye(2), [1.0, 2.0], -1.0), r"ridge must be positive"),
    "rank": (lambda: theory.reduced_rank_directions(np.eye(2), np.eye(2), 1.0, 3), r"rank must be at most .* 2, got 3"),
    "rows": (lambda: theory.reduced_rank_directions(np.eye(2), np.eye(3), 1.0, 1), r"same number of samples"),
    "excess": (lambda: theory.excess_error(8, 9, 1.0), r"samples must be at least variables \+ 2 = 10, got 9"),
    "too many modules": (lambda: SineTask(modules=5, inputs=8, dims=2), r"inputs must be at least 10 .* got 8"),
    "dims": (lambda: SineTask(modules=1, inputs=2, dims=3, orthonormal=False), r"inputs must be at least 3"),
    "frequencies": (lambda: SineTask(frequencies=(1.0,)), r"frequencies and amplitudes must have the same length"),
    "noise": (lambda: SineTask(noise=-1.0), r"noise must be at least 0"),
    "held out nan": (lambda: SineTask(held_out_above=np.nan), r"held_out_above must be finite"),
    "nothing held out": (lambda: SineTask(held_out_above=np.inf).held_out(3), r"nothing is held out"),
    "too rare": (lambda: SineTask(inputs=3, held_out_above=9.0).held_out(3), r"held_out_above=9\.0 leaves too few"),
}


@pytest.mark.parametrize(("call", "message"), WRONG_THEORY.values(), ids=WRONG_THEORY.keys())
def test_wrong_call(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_task_splits():
    task = SineTask(noise=0.5, seed=3)
    train, odd = task.train(500), task.held_out(200)
    assert not task.is_held_out(train.X).any()
    assert task.is_held_out(odd.X).all()
    assert np.array_equal(train.X[:100], task.train(100).X)
    assert np.array_equal(train.y[:100], task.train(100).y)
    assert not np.array_equal(train.X, task.test(500).X)
    assert (train.y - train.clean).std() == pytest.approx(0.5, rel=0.15)
    assert np.abs(task.module_targets(train.X).sum(axis=0) - train.clean).max() < 1e-14


@pytest.mark.parametrize("orthonormal", [True, False])
def test_projections(orthonormal):
    task = SineTask(modules=3, inputs=8, dims=2, orthonormal=orthonormal, seed=1)
    for U in task.projections:
        assert np.abs(U.T @ U - np.eye(2)).max() < 1e-14
    across = np.abs(task.projections[0].T @ task.projections[1]).max()
    assert (across < 1e-14) == orthonormal


def test_two_dimensional_modules_modulate_phases():
    task = SineTask(modules=1, inputs=2, dims=2, frequencies=(2.0,), amplitudes=(3.0,), seed=0)
    X = np.random.default_rng(0).standard_normal((5, 2))
    z, phase = X @ task.projections[0], task.phases[0, 0, 0]
    expected = 3 * np.sin(2 * z[:, 0] + phase[0] + 2 * np.sin(2 * z[:, 1] + phase[1]))
    assert np.abs(task.target(X)[:, 0] - expected).max() < 1e-14


@pytest.mark.parametrize("omega", [1.0, 8.0, 20.0])
def test_fast_waves_keep_their_variance(omega):
    variance = (1 - np.exp(-2 * omega**2)) / 2
    assert np.sum(theory.sine_coefficients([omega], [1.0], [[0.0]]) ** 2) == pytest.approx(variance, rel=1e-11)
    cut = theory.sine_coefficients([8.0], [1.0], [[0.0]], degrees=60)
    assert np.sum(cut**2) < 0.4
