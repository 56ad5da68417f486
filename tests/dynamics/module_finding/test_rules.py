"""The objective, its gradient, the rules and the estimator that find modules."""

from time import perf_counter

import numpy as np
import pytest
from scipy.optimize import minimize

from linmod import theory
from linmod.datasets import SineTask
from linmod.dynamics.module_finding import (
    RULES,
    FeatureObjective,
    KernelObjective,
    LinearFeatures,
    SingularKernel,
    WaveFeatures,
    alignment,
    descend,
    find_modules,
    fit_additive,
    gaussian_objective,
    random_projections,
    recovered,
)
from linmod.dynamics.module_finding.networks import _loss, best_network, train_network
from linmod.dynamics.module_finding.objective import gaussian_gram

RNG = np.random.default_rng(5)


def _data(outputs=1, inputs=6, samples=40, seed=3):
    sample = SineTask(modules=2, inputs=inputs, outputs=outputs, seed=seed).train(samples)
    return sample.X, sample.y


def _relative_gradient_error(objective, at, step=1e-5):
    """Against central differences of fourth order."""
    gradient = objective(at)[1]
    difference = np.empty_like(at)
    for index in np.ndindex(at.shape):
        nudge = np.zeros_like(at)
        nudge[index] = step
        near, far = (objective(at + k * nudge)[0] - objective(at - k * nudge)[0] for k in (1, 2))
        difference[index] = (8 * near - far) / (12 * step)
    return np.abs(gradient - difference).max() / np.abs(difference).max()


CASES = {
    "single": (1, 1, 1),
    "joint": (3, 1, 1),
    "two dimensions": (1, 2, 1),
    "joint, two dimensions": (2, 2, 1),
    "several outputs": (2, 1, 3),
    "several outputs, two dimensions": (2, 2, 3),
}


@pytest.mark.parametrize(("modules", "dims", "outputs"), CASES.values(), ids=CASES.keys())
def test_gradient_is_that_of_finite_differences(modules, dims, outputs):
    X, Y = _data(outputs)
    at = 0.9 * random_projections(np.random.default_rng(1), modules, X.shape[1], dims)
    kernel = KernelObjective(X, Y, 0.1, 0.8)
    fast = gaussian_objective(X, Y, ridge=0.1, length_scale=0.8, dims=dims)
    linear = FeatureObjective(X, Y, 0.1, LinearFeatures())
    for objective in (kernel, fast, linear):
        assert _relative_gradient_error(objective, at) < 1e-7


def test_a_wrong_gradient_is_noticed():
    X, Y = _data()
    right = KernelObjective(X, Y, 0.1, 0.8)
    at = random_projections(np.random.default_rng(1), 2, X.shape[1], 1)
    assert _relative_gradient_error(lambda u: (right(u)[0], 1.001 * right(u)[1]), at) > 1e-4


@pytest.mark.parametrize(("samples", "ridge", "scale"), [(20, 0.1, 1.0), (200, 1e-3, 0.5), (200, 1.0, 3.0)])
def test_waves_are_the_gaussian_kernel(samples, ridge, scale):
    X, Y = _data(samples=samples, outputs=2)
    at = random_projections(np.random.default_rng(2), 3, X.shape[1], 1)
    fast, slow = gaussian_objective(X, Y, ridge=ridge, length_scale=scale), KernelObjective(X, Y, ridge, scale)
    (value, gradient), (expected, expected_gradient) = fast(at), slow(at)
    assert value == pytest.approx(expected, rel=1e-10)
    assert np.abs(gradient - expected_gradient).max() < 1e-9 * np.abs(expected_gradient).max()


@pytest.mark.parametrize("scale", [0.01, 0.3, 1.0, 50.0])
def test_wave_features_to_rounding(scale):
    seen = RNG.uniform(-2, 3, (30, 1))
    phi = WaveFeatures(scale, 5.0).evaluate(seen)
    assert np.abs(phi @ phi.T - gaussian_gram(seen, scale)).max() < 1e-12
    too_short = WaveFeatures(scale, 0.0).evaluate(seen)
    assert np.abs(too_short @ too_short.T - gaussian_gram(seen, scale)).max() > 1e-3 or scale == 50.0


def test_objective_is_its_definition():
    X, Y = _data(outputs=2)
    U = random_projections(np.random.default_rng(2), 2, X.shape[1], 2)
    gram = sum(np.exp(-(((X @ u)[:, None] - (X @ u)[None]) ** 2).sum(-1) / (2 * 0.7**2)) for u in U) / 2
    expected = np.trace(Y.T @ np.linalg.inv(gram + 0.3 * np.eye(len(X))) @ Y)
    assert KernelObjective(X, Y, 0.3, 0.7)(U)[0] == pytest.approx(expected, rel=1e-12)


def test_descent_agrees_with_another_optimiser_on_angles():
    X, Y = _data(inputs=2)
    objective = gaussian_objective(X, Y, ridge=1.0, length_scale=1.0)

    def on_circle(angle):
        return objective(np.array([[[np.cos(angle[0])], [np.sin(angle[0])]]]))[0]

    start = 0.3
    by_angle = minimize(on_circle, [start], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    found = descend(objective, np.array([[[np.cos(start)], [np.sin(start)]]]))
    assert found.value == pytest.approx(by_angle.fun, rel=1e-8)


@pytest.mark.parametrize("modules", [1, 3])
def test_an_evaluation_at_1600_samples_is_fast(modules):
    """The best of five: below .3 s, of which it takes about a hundredth on an idle core."""
    X, Y = _data(inputs=8, samples=1600)
    objective = gaussian_objective(X, Y, ridge=1.0, length_scale=1.0)
    at = random_projections(np.random.default_rng(0), modules, 8, 1)
    seconds = []
    for _ in range(5):
        start = perf_counter()
        objective(at)
        seconds.append(perf_counter() - start)
    assert min(seconds) < 0.3


# the linear special case


@pytest.mark.parametrize("ridge", [1e-3, 1.0, 100.0])
def test_linear_case_is_the_ridge_direction(ridge):
    rng = np.random.default_rng(4)
    X = rng.standard_normal((60, 8))
    y = X @ (np.linalg.qr(rng.standard_normal((8, 3)))[0] @ [1.0, 0.7, 0.4]) + 0.1 * rng.standard_normal(60)
    direction, value = theory.ridge_direction(X, y, ridge)
    weights = np.linalg.solve(X.T @ X + ridge * np.eye(8), X.T @ y)
    assert np.abs(direction - weights / np.linalg.norm(weights)).max() < 1e-12
    assert value == pytest.approx(y @ np.linalg.solve(X @ X.T + ridge * np.eye(60), y), rel=1e-10)
    objective = FeatureObjective(X, y[:, None], ridge, LinearFeatures())
    for start in random_projections(rng, 10, 8, 1):
        found = descend(objective, start[None], scale=float(y @ y) / ridge)
        assert found.value == pytest.approx(value, rel=1e-6)
        assert alignment(found.projections, direction[None, :, None])[0, 0] > 1 - 1e-5
    at_optimum, slope = objective(direction[None, :, None])
    assert at_optimum == pytest.approx(value, rel=1e-10)
    tangent = slope[0, :, 0] - direction * (direction @ slope[0, :, 0])
    assert np.abs(tangent).max() < 1e-10 * max(1.0, at_optimum / ridge)


def test_linear_case_with_several_outputs():
    rng = np.random.default_rng(4)
    X, U = rng.standard_normal((60, 8)), np.linalg.qr(rng.standard_normal((8, 3)))[0]
    Y = X @ U @ rng.standard_normal((3, 4))
    directions, value = theory.reduced_rank_directions(X, Y, 1e-8, 3)
    objective = FeatureObjective(X, Y, 1e-8, LinearFeatures())
    assert objective(directions[:, :1][None])[0] == pytest.approx(value, rel=1e-6)
    ridged, ridged_value = theory.reduced_rank_directions(X, Y, 2.0, 3)
    at_optimum = FeatureObjective(X, Y, 2.0, LinearFeatures())(ridged[:, :1][None])[0]
    assert at_optimum == pytest.approx(ridged_value, rel=1e-10)
    spanned = alignment(np.linalg.qr(directions)[0][None], U[None])[0, 0]
    assert spanned == pytest.approx(1, abs=1e-10)
    assert np.abs(directions.T @ U).max() < 0.99, "the span is identified, its members are not"


@pytest.mark.parametrize(("known", "variables"), [(False, 16), (True, 3)])
def test_excess_error_of_linear_modules(known, variables):
    rng = np.random.default_rng(0)
    m, n, runs = 16, 60, 1500
    U, w = np.linalg.qr(rng.standard_normal((m, 3)))[0], np.array([1.0, 0.7, 0.4])
    excess = np.empty(runs)
    for run in range(runs):
        X = rng.standard_normal((n, m))
        y = X @ U @ w + rng.standard_normal(n)
        fit = U @ np.linalg.lstsq(X @ U, y)[0] if known else np.linalg.lstsq(X, y)[0]
        excess[run] = np.sum((fit - U @ w) ** 2)
    error = excess.std(ddof=1) / np.sqrt(runs)
    assert abs(excess.mean() - theory.excess_error(variables, n, 1.0)) < 4 * error
    assert abs(excess.mean() - theory.excess_error(8, n, 1.0)) > 10 * error


# regression on projections


def test_left_out_error_is_that_of_leaving_out():
    X, Y = _data(samples=30)
    Y = Y - Y.mean(axis=0)
    U = random_projections(np.random.default_rng(0), 2, X.shape[1], 1)
    fit = fit_additive(U, X, Y, length_scales=(0.9,), ridges=(0.1,))
    errors = []
    for out in range(len(X)):
        rest = np.arange(len(X)) != out
        gram = sum(gaussian_gram(X @ u, 0.9) for u in U) / len(U)
        dual = np.linalg.solve(gram[np.ix_(rest, rest)] + 0.1 * np.eye(len(X) - 1), Y[rest])
        errors.append(Y[out] - gram[out, rest] @ dual)
    assert fit.left_out_error == pytest.approx(np.mean(np.square(errors)), rel=1e-8)


@pytest.mark.parametrize("dims", [1, 2])
@pytest.mark.parametrize("samples", [30, 250])
def test_fit_is_kernel_ridge_regression(dims, samples):
    X, Y = _data(samples=samples, outputs=2)
    U = random_projections(np.random.default_rng(0), 2, X.shape[1], dims)
    fit = fit_additive(U, X, Y, length_scales=(0.9 / np.sqrt(dims),), ridges=(0.1,))
    gram = sum(gaussian_gram(X @ u, 0.9) for u in U) / len(U)
    expected = gram @ np.linalg.solve(gram + 0.1 * np.eye(samples), Y - Y.mean(axis=0)) + Y.mean(axis=0)
    assert np.abs(fit.predict(X) - expected).max() < 1e-9


def test_a_fit_whose_kernel_is_singular_for_every_ridge():
    """With 60 samples of 60 degrees of freedom and no ridge, leaving one out leaves 0/0 for some of them."""
    X, Y = _data(samples=60)
    with pytest.raises(SingularKernel, match=r"ridges must be larger: every one of \[1e-300\]"):
        fit_additive(np.eye(6)[None], X, Y, length_scales=(0.1,), ridges=(1e-300,))


# rules


@pytest.mark.parametrize("rule", sorted(RULES))
def test_rules_find_fast_modules(rule):
    task = SineTask(modules=2, inputs=4, frequencies=(2.0,), amplitudes=(1.0,), seed=1)
    sample, test = task.train(120), task.test(500)
    done = []
    found = find_modules(sample.X, sample.y, 2, rule=rule, starts=6, progress=done.append)
    all_of_it = rule in ("joint", "polish")
    assert recovered(found.projections, task.projections) >= (2 if all_of_it else 1)
    assert np.mean((found.fit.predict(test.X) - test.clean) ** 2) < (0.01 if all_of_it else 0.6) * test.clean.var()
    assert done == sorted(done)
    assert done[-1] == pytest.approx(1.0)


def test_two_dimensional_modules():
    task = SineTask(modules=2, inputs=5, dims=2, frequencies=(1.0,), amplitudes=(1.0,), seed=2)
    sample, test = task.train(200), task.test(500)
    found = find_modules(sample.X, sample.y, 2, dims=2, starts=10, rule="joint")
    assert recovered(found.projections, task.projections) == 2
    assert np.mean((found.fit.predict(test.X) - test.clean) ** 2) < 0.02 * test.clean.var()
    guess = random_projections(np.random.default_rng(0), 2, 5, 2)
    assert recovered(guess, task.projections) == 0


def test_several_outputs_and_noise():
    task = SineTask(modules=3, inputs=6, outputs=3, noise=0.2, seed=2, orthonormal=False)
    sample = task.train(250)
    assert recovered(find_modules(sample.X, sample.y, 3, starts=5).projections, task.projections) == 3


def test_same_seed_same_modules():
    X, Y = _data()
    first, second = (find_modules(X, Y, 2, starts=2, seed=7).projections for _ in range(2))
    other = find_modules(X, Y, 2, starts=2, seed=8).projections
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_more_modules_than_there_are_do_no_harm():
    task = SineTask(modules=2, inputs=4, frequencies=(2.0,), amplitudes=(1.0,), seed=1)
    sample = task.train(150)
    found = find_modules(sample.X, sample.y, 5, starts=4)
    assert found.projections.shape == (5, 4, 1)
    assert recovered(found.projections, task.projections) == 2


def test_too_few_samples_show_in_held_back_samples_alone():
    task = SineTask(modules=3, inputs=16, seed=0)
    few, test = task.train(25), task.test(500)
    found = find_modules(few.X, few.y, 3, starts=3)
    assert recovered(found.projections, task.projections) == 0
    assert np.mean((found.fit.predict(test.X) - test.clean) ** 2) > 0.5 * test.clean.var()
    assert found.fit.left_out_error < 0.1 * few.y.var(), "documented: it knows nothing of the search"


def test_targets_without_modules_recover_nothing():
    task = SineTask(seed=0)
    sample = task.train(100)
    noise = np.random.default_rng(0).standard_normal(sample.y.shape)
    assert recovered(find_modules(sample.X, noise, 3, starts=3).projections, task.projections) == 0


# networks


def test_gradient_of_the_network():
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((7, 3)), rng.standard_normal((7, 2))
    shapes = [(2, 3, 2), (2, 2, 4), (2, 4), (2, 4, 2), (2,)]
    parameters = [rng.standard_normal(shape) for shape in shapes]
    _, gradients = _loss(parameters, X, Y)
    for parameter, gradient in zip(parameters, gradients, strict=True):
        for index in np.ndindex(parameter.shape):
            ends = []
            for sign in (1, -1):
                parameter[index] += sign * 1e-5
                ends.append(_loss(parameters, X, Y)[0])
                parameter[index] -= sign * 1e-5
            assert gradient[index] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-5, abs=1e-8)


def test_best_network_is_the_best_on_training():
    X, Y = _data()
    runs = [train_network(X, Y, 2, seed=seed, steps=60).training_loss for seed in range(2)]
    fitted = best_network(X, Y, 2, seeds=range(1))
    assert fitted.training_loss < min(runs)
    assert fitted.predict(X).shape == Y.shape
    assert np.mean((fitted.predict(X) - Y) ** 2) == pytest.approx(fitted.training_loss)


# wrong calls


def _wrong(**changed):
    X, Y = _data()
    return find_modules(**({"X": X, "Y": Y, "modules": 2} | changed))


WRONG = {
    "X nan": ({"X": np.full((40, 6), np.nan)}, ValueError, r"X must be finite, got 240"),
    "Y one axis": ({"Y": np.zeros(40)}, ValueError, r"Y must have 2 axes"),
    "Y constant": ({"Y": np.full((40, 1), 3.7)}, ValueError, r"Y must not be constant"),
    "unequal": ({"Y": np.ones((3, 1))}, ValueError, r"same number of samples \(rows\), got 40 and 3"),
    "too few": ({"X": np.ones((2, 1)), "Y": np.ones((2, 1))}, ValueError, r"at least 3 samples"),
    "no inputs": ({"X": np.ones((40, 0))}, ValueError, r"at least 3 samples of 1 feature"),
    "modules zero": ({"modules": 0}, ValueError, r"modules must be at least 1"),
    "dims above inputs": ({"dims": 7}, ValueError, r"dims must be at most the number of inputs, 6, got 7"),
    "rule": ({"rule": "greedy"}, ValueError, r"rule must be one of \['deflation', 'joint', 'polish', 'single'\]"),
    "starts": ({"starts": 0}, ValueError, r"starts must be at least 1"),
    "ridge negative": ({"ridge": -1.0}, ValueError, r"ridge must be positive, got -1"),
    "ridge zero": ({"ridge": 0.0}, ValueError, r"ridge must be positive"),
    "ridge nan": ({"ridge": np.nan}, ValueError, r"ridge must be finite"),
    "length scale": ({"length_scale": 0}, ValueError, r"length_scale must be positive"),
    "singular": ({"ridge": 1e-17}, SingularKernel, r"ridge must be above .* got 1\.0e-17"),
    "singular, two dimensions": ({"ridge": 1e-17, "dims": 2}, SingularKernel, r"ridge must be above"),
    "seed": ({"seed": -1}, ValueError, r"non-negative"),
}


@pytest.mark.parametrize(("changed", "error", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_call(changed, error, message):
    with pytest.raises(error, match=message):
        _wrong(**changed)
