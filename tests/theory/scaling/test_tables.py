"""Closed forms against simulations that another program made: means of draws, with their standard errors.

The numbers are fixed, so a true statement fails for good or never. Among the comparisons of one table the largest of
all deviations exceeds 4 standard errors with probability 1e-3. Where a prediction is a limit, a third of the error that
it declares is allowed, as far as that is within 2.5 percent.
"""

import math

import numpy as np
import pytest

from linmod import theory
from linmod.datasets import CosineModules, PowerLaw, RandomFeatures
from linmod.dynamics import scaling as simulated
from linmod.theory import scaling

SIGMAS = 4.0
scaled, whitened, law = RandomFeatures.scaled, RandomFeatures.whitened, PowerLaw.with_exponent


def model(choice, m, omega, features, used, noise=0.0):
    return choice(law(m, omega).eigenvalues(features), used, noise=noise)


def even(size, used, tail_features, noise=0.0):
    """Used features that carry `size` each; unseen ones follow a power law."""
    variances = law(2, 1.5).eigenvalues(tail_features)
    variances[:used] = size
    return whitened(variances, used, noise=noise)


# model, rows, ridge, test loss, its standard error, train loss, its standard error
LOSSES = [
    (model(scaled, 2, 1.5, 100, 20), 60, 0.0, 0.19726, 0.00074, 0.08711, 0.00049),
    (model(scaled, 3, 1.5, 200, 50), 120, 0.0, 0.17929, 0.00049, 0.06086, 0.00021),
    (model(scaled, 1, 2.0, 150, 80), 100, 0.0, 0.15493, 0.00090, 0.00592, 0.00003),
    (model(scaled, 2, 1.5, 100, 20, 0.3), 60, 0.0, 0.35001, 0.00154, 0.28735, 0.00106),
    (model(scaled, 4, 2.0, 60, 10), 50, 0.0, 0.10933, 0.00044, 0.06951, 0.00036),
    (even(0.02, 60, 100), 20, 0.0, 0.84966, 0.00282, 0.0, 0.0),
    (even(0.01, 50, 120), 30, 0.0, 0.34333, 0.00125, 0.0, 0.0),
    (even(0.02, 60, 100, 0.5), 20, 0.0, 1.10063, 0.0033, 0.0, 0.0),
    (model(whitened, 2, 1.5, 150, 60), 20, 0.0, 0.63699, 0.0047, 0.0, 0.0),
    (model(whitened, 1, 2.0, 150, 60), 30, 0.0, 0.53412, 0.0041, 0.0, 0.0),
    (model(whitened, 3, 1.5, 150, 60, 0.2), 20, 0.0, 0.67885, 0.0037, 0.0, 0.0),
    (model(scaled, 2, 1.5, 150, 60), 20, 0.0, 0.30624, 0.00137, 0.0, 0.0),
    (model(scaled, 1, 2.0, 150, 60), 20, 0.0, 0.28543, 0.00139, 0.0, 0.0),
    (model(scaled, 3, 1.5, 300, 120), 40, 0.0, 0.29034, 0.00091, 0.0, 0.0),
    (model(scaled, 2, 1.5, 400, 240), 80, 0.0, 0.15081, 0.00039, 0.0, 0.0),
    (model(scaled, 1, 2.0, 240, 240), 80, 0.0, 0.10055, 0.00031, 0.0, 0.0),
    (model(scaled, 2, 1.5, 300, 160, 0.2), 40, 0.0, 0.39640, 0.00154, 0.0, 0.0),
    (model(scaled, 2, 1.5, 100, 40, 0.2), 60, 2.0, 0.28683, 0.0012, 0.35787, 0.0012),
    (model(scaled, 2, 1.5, 100, 40, 0.1), 40, 1.0, 0.28022, 0.0012, 0.22093, 0.0010),
    (model(scaled, 1, 1.5, 60, 40), 10, 0.0, 0.28891, 0.0021, 0.0, 0.0),
    (model(scaled, 1, 2.0, 60, 8).repeated(1), 80, 0.0, 0.22852, 0.0012, None, None),
    (model(scaled, 1, 2.0, 60, 8).repeated(3), 80, 0.0, 0.29633, 0.0011, None, None),
    (model(scaled, 1, 2.0, 60, 8).repeated(6), 80, 0.0, 0.52750, 0.0025, None, None),
    (model(whitened, 1, 2.0, 60, 20).repeated(3), 30, 0.0, 0.57546, 0.0033, None, None),
    (model(scaled, 1, 2.0, 60, 20).repeated(3), 30, 0.0, 0.40146, 0.0019, None, None),
]


def excess(prediction, allowed, measured, error):
    return max(0.0, abs(prediction - measured) - min(allowed / 3, 0.025) * prediction) / error


@pytest.mark.parametrize("row", LOSSES)
def test_losses_are_means_of_draws_made_elsewhere(row):
    one, rows, ridge, test, test_error, train, train_error = row
    found = scaling.expected_losses(one, rows, ridge)
    assert excess(found.test, found.declared_error, test, test_error) <= SIGMAS
    if train_error:
        assert excess(found.train, found.declared_error, train, train_error) <= SIGMAS
    elif train is not None:
        assert found.train == 0
    louder = RandomFeatures(one.feature_variances, one.weight_variances, one.used, one.rest + 0.05, one.noise)
    wrong = scaling.expected_losses(louder, rows, ridge)
    assert excess(wrong.test, wrong.declared_error, test, test_error) > SIGMAS, "5 percent of unseen variance show"


def test_one_row_of_the_table_has_the_quoted_predictions():
    """Two settings of modules whose predictions, not only draws, are known to five digits."""
    quoted = {whitened: 0.57436, scaled: 0.39500}
    for choice, value in quoted.items():
        assert scaling.expected_losses(model(choice, 1, 2.0, 60, 20).repeated(3), 30).test == pytest.approx(
            value, abs=6e-6
        )


@pytest.mark.parametrize(
    ("n", "p", "mean", "error"),
    [(30, 10, 0.52603, 0.00049), (60, 50, 5.5639, 0.0072), (12, 30, 0.70547, 0.00067), (20, 80, 0.33896, 0.00011)],
)
def test_inverse_wishart_trace_is_the_mean_of_draws(n, p, mean, error):
    exact = scaling.inverse_wishart_trace(n, p)
    assert abs(exact - mean) <= SIGMAS * error
    draws = simulated.sample_inverse_traces(n, p, draws=4000, seed=n)
    own_error = draws.std(ddof=1) / len(draws) ** 0.5
    assert abs(exact - draws.mean()) <= SIGMAS * own_error
    assert abs(scaling.inverse_wishart_trace(n, p + 1) - mean) > SIGMAS * error
    assert abs(scaling.inverse_wishart_trace(n, p + 1) - draws.mean()) > SIGMAS * own_error


def test_bias_and_variance_with_unequal_features():
    """N = 20, p = 60: what the flow ends in, exact for given features, averaged; F(N, p) is far from either."""
    features = model(scaled, 2, 1.5, 150, 60).feature_variances
    generator = np.random.default_rng(0)
    parts = np.zeros((400, 2))
    for part in parts:
        phi = generator.standard_normal((20, 60)) * np.sqrt(features[:60])
        end = [
            scaling.flow_losses_given(scaled(features[:60], 60, noise=noise), phi, [1e12]).test[0]
            for noise in (0.0, 1.0)
        ]
        part[:] = end[0], end[1] - end[0]
    mean, error = parts.mean(axis=0), parts.std(axis=0, ddof=1) / 20
    for quoted, quoted_error, own, own_error in zip((0.20074, 1.0206), (0.00017, 0.0016), mean, error, strict=True):
        assert abs(own - quoted) <= SIGMAS * math.hypot(quoted_error, own_error)
    assert abs(mean[0] - scaled(features[:60], 60).seen * (1 - 20 / 60)) > 100 * error[0]
    assert abs(mean[1] - scaling.inverse_wishart_trace(20, 60)) > 50 * error[1]
    equivalent = scaling.expected_losses(scaled(features[:60], 60), 20)
    assert abs(mean[0] - equivalent.test) <= equivalent.declared_error * mean[0]


def test_the_equivalent_near_the_threshold():
    """It is 4 for 4.33 at a distance of 10 rows, and would be 10 for 13, 20 for 39 where it refuses."""
    exact, equivalent = (
        of(whitened(np.full(60, 1.0), 30, noise=0.0), 40).test / 30
        for of in (scaling.expected_losses, scaling.deterministic_equivalent)
    )
    assert (exact, equivalent) == pytest.approx((13 / 3, 4.0), rel=1e-12)
    for used, ratio in ((36, 13.0), (38, 39.0)):
        one = whitened(np.full(60, 1.0), used)
        assert scaling.expected_losses(one, 40).test / one.unseen == pytest.approx(ratio, rel=1e-12)
        with pytest.raises(scaling.losses.NoClosedForm):
            scaling.deterministic_equivalent(one, 40)


FLOW = [(100.0, 0.25894, 0.0014), (500.0, 0.26647, 0.0014)]


@pytest.mark.parametrize(("time", "mean", "error"), FLOW)
def test_flow_is_the_mean_of_draws_made_elsewhere(time, mean, error):
    one = model(scaled, 2, 1.5, 200, 120, 0.1)
    assert abs(scaling.flow_losses(one, 40, [time]).test[0] - mean) <= SIGMAS * error
    assert abs(scaling.flow_losses(one, 40, [time / 5]).test[0] - mean) > SIGMAS * error


# Sample complexity.


@pytest.mark.parametrize(
    ("exponent", "rows", "mean", "error"),
    [(1.5**-2, 15, 0.4971, 0.0018), (0.25, 84, 0.5010, 0.0003), (1.5**-3, 47, 0.5016, 0.0006)],
)
def test_the_ideal_loss_is_that_of_twenty_thousand_features(exponent, rows, mean, error):
    """A limit in the rows: 2.5 percent allowed. Half more rows are told apart."""
    ideal = scaling.ideal_loss(PowerLaw(exponent), rows)
    assert abs(ideal - mean) <= SIGMAS * error + 0.025 * mean
    assert abs(scaling.ideal_loss(PowerLaw(exponent), rows * 3 // 2) - mean) > 2 * (SIGMAS * error + 0.025 * mean)


@pytest.mark.parametrize(
    ("omega", "m", "error", "rows"),
    [(1.5, 5, 0.5, 1769), (1.5, 6, 0.5, 3.49e4), (2.0, 1, 0.1, 351), (2.0, 3, 0.5, 2452), (1.5, 2, 0.1, 672)],
)
def test_more_of_the_ideal_sample_complexity(omega, m, error, rows):
    assert scaling.ideal_sample_complexity(law(m, omega), error) == pytest.approx(rows, rel=2e-3)


@pytest.mark.parametrize(("m", "over", "under"), [(1, 0.334, 0.082), (2, 0.721, 0.332)])
def test_more_whitened_features_than_rows_are_never_the_best(m, over, under):
    here = law(m, 2.0)
    sizes = np.unique(np.geomspace(1002, 20_000, 400).astype(int)).tolist()
    losses = [
        scaling.expected_losses(whitened(here.eigenvalues(size), size, rest=here.tail(size)), 1000).test
        for size in sizes
    ]
    assert min(losses) == pytest.approx(over, abs=1e-3)
    assert scaling.smallest_loss(here, 1000) == pytest.approx(under, abs=1e-3)


# Real features of known directions.

INPUTS = (3, 6, 12, 24, 48)
COSINES = [(0.269, 0.007), (0.250, 0.005), (0.243, 0.006), (0.263, 0.007), (0.262, 0.006)]


def cosine_task(inputs, **more):
    return CosineModules(inputs, 3, law(1, 2.0).eigenvalues(60), used=8, **more)


@pytest.mark.parametrize(("inputs", "quoted"), list(zip(INPUTS, COSINES, strict=True)))
def test_cosines_of_known_directions_lose_what_gaussians_do(inputs, quoted):
    """Whatever the number of inputs; the prediction for one module more or 10 rows fewer is rejected."""
    task = cosine_task(inputs)
    right = scaling.expected_losses(task.gaussian, 120).test
    assert right == pytest.approx(0.2572, abs=5e-5)
    found = simulated.estimate_known_directions(task, 120, draws=300, seed=inputs)
    mean, error = float(found.mean[0]), float(found.standard_error[0])
    assert abs(mean - right) <= SIGMAS * error
    assert abs(quoted[0] - right) <= SIGMAS * quoted[1]
    assert abs(quoted[0] - mean) <= SIGMAS * math.hypot(quoted[1], error)
    more = CosineModules(6, 4, task.variances, used=8)
    for wrong in (scaling.expected_losses(more.gaussian, 120).test, scaling.expected_losses(task.gaussian, 110).test):
        assert abs(mean - wrong) > SIGMAS * error


@pytest.mark.parametrize(("inputs", "quoted"), [(3, 0.252), (12, 0.259), (48, 0.261)])
def test_correlated_directions_do_no_visible_harm(inputs, quoted):
    """Of the quoted means the standard error is that of the orthonormal ones, .007 at most."""
    task = cosine_task(inputs, orthonormal=False)
    found = simulated.estimate_known_directions(task, 120, draws=200, seed=inputs)
    assert abs(found.mean[0] - scaling.expected_losses(task.gaussian, 120).test) <= SIGMAS * found.standard_error[0]
    assert abs(found.mean[0] - quoted) <= SIGMAS * 0.007


@pytest.mark.parametrize(("inputs", "quoted"), [(3, 0.486), (6, 0.549), (12, 0.682), (24, 0.642), (48, 0.747)])
def test_without_known_directions_the_loss_rises_with_the_inputs(inputs, quoted):
    """The quoted standard errors are .025 to .06; at 48 inputs next to nothing of .872 is learned."""
    found = simulated.estimate_kernel_ridge(cosine_task(inputs), 120, draws=30, seed=inputs)
    assert abs(found.mean[0] - quoted) <= SIGMAS * 0.04
    assert found.mean[0] > 0.2572 + 20 * found.standard_error[0]


def test_cosine_features_are_orthonormal():
    """By the midpoint rule in the normal distribution function, which is exact for these cosines."""
    from scipy.special import ndtri

    from linmod.datasets import cosine_features

    values = cosine_features(ndtri((np.arange(200) + 0.5) / 200), 30)
    assert np.abs(values.T @ values / 200 - np.eye(30)).max() < 1e-12
    assert np.abs(values.mean(axis=0)).max() < 1e-12


def test_what_the_student_sees_does_not_depend_on_the_inputs():
    """Samples of 3 and of 30 inputs with the same coordinates along the directions have the same features."""
    generator = np.random.default_rng(0)
    seen = generator.standard_normal((7, 3))
    few, many = (cosine_task(m) for m in (3, 30))
    features = []
    for task in (few, many):
        directions = task.draw_directions(generator)
        assert np.abs(directions @ directions.T - np.eye(3)).max() < 1e-14
        features.append(task.features(seen @ directions, directions))
    assert np.abs(features[0] - features[1]).max() < 1e-12


def test_label_noise_and_more_features_than_rows():
    for used, rows, noise in ((8, 120, 0.3), (40, 60, 0.0)):
        task = CosineModules(5, 3, law(1, 2.0).eigenvalues(60), used=used, noise=noise)
        found = simulated.estimate_known_directions(task, rows, draws=200)
        right = scaling.expected_losses(task.gaussian, rows).test
        quiet = scaling.expected_losses(cosine_task(5).gaussian, 120).test
        assert abs(found.mean[0] - right) <= SIGMAS * found.standard_error[0]
        assert abs(found.mean[0] - quiet) > 2 * SIGMAS * found.standard_error[0]


# Waves seen along another direction, and linear modules.


@pytest.mark.parametrize(("omega", "rho"), [(3.0, 0.8), (1.0, 0.35), (5.0, 0.5)])
def test_a_wave_seen_along_another_direction(omega, rho):
    r"""E[sin(w u.x + phi) | v.x = t] = exp(-w^2 (1 - rho^2)/2) sin(w rho t + phi), coefficient by coefficient."""
    whole, damped = (theory.sine_coefficients([w], [1.0], [[0.7]], degrees=80)[0] for w in (omega, omega * rho))
    seen = whole * rho ** np.arange(len(whole))
    factor = math.exp(-(omega**2) * (1 - rho**2) / 2)
    assert np.abs(seen - factor * damped).max() < 1e-14
    assert np.abs(seen - 1.01 * factor * damped).max() > 1e-3 * np.abs(seen).max()


def test_the_quoted_wave():
    """w = 3, rho = .8: amplitude .198 at all t, .1728 at the t and phase of a quoted mean of .1677 +- .0043."""
    assert abs(0.1728 - 0.1677) <= SIGMAS * 0.0043
    assert math.exp(-9 * 0.36 / 2) > 0.1728


def test_objective_of_a_linear_direction_is_that_of_sherman_and_morrison():
    rng = np.random.default_rng(2)
    X, y, u = rng.standard_normal((40, 6)), rng.standard_normal(40), np.linalg.qr(rng.standard_normal((6, 1)))[0]
    t = X @ u[:, 0]
    inverse = np.linalg.inv(np.outer(t, t) + 0.3 * np.eye(40))
    short = (y @ y - (y @ t) ** 2 / (0.3 + t @ t)) / 0.3
    assert y @ inverse @ y == pytest.approx(short, rel=1e-12)
    from linmod.dynamics.module_finding import FeatureObjective, LinearFeatures

    assert FeatureObjective(X, y[:, None], 0.3, LinearFeatures())(u[None])[0] == pytest.approx(short, rel=1e-10)


def test_the_best_linear_direction_is_the_mixture_and_leaves_nothing():
    """Its overlap with module j is |w_j|/|w|, and what it leaves of the target does not correlate with any input."""
    rng = np.random.default_rng(1)
    w = np.array([1.0, 0.7, 0.4])
    U = np.linalg.qr(rng.standard_normal((8, 3)))[0]
    X = rng.standard_normal((60, 8))
    y = X @ U @ w

    def left_by(direction, ridge):
        t = X @ direction
        left = y - t * (t @ y) / (t @ t + ridge)
        return np.linalg.norm(X.T @ left) / np.linalg.norm(X.T @ y)

    for ridge, bound in ((1e-8, 1e-9), (0.3, 0.01)):
        assert left_by(theory.ridge_direction(X, y, ridge)[0], ridge) < bound
        assert left_by(U[:, 0], ridge) > 0.1, "a true module leaves something"
    overlaps = np.abs(U.T @ theory.ridge_direction(X, y, 1e-8)[0])
    assert overlaps == pytest.approx(w / np.linalg.norm(w), abs=1e-8)
    assert overlaps.max() < 0.8, "it is no module"


@pytest.mark.parametrize(("variables", "quoted", "error"), [(8, 0.155, 0.002), (16, 0.368, 0.004), (32, 1.192, 0.012)])
def test_excess_error_is_the_mean_of_draws_made_elsewhere(variables, quoted, error):
    assert abs(theory.excess_error(variables, 60, 1.0) - quoted) <= SIGMAS * error
    assert abs(theory.excess_error(variables, 50, 1.0) - quoted) > SIGMAS * error


WRONG = {
    "inputs": (lambda: cosine_task(0), ValueError, "inputs must be at least 1"),
    "modules": (lambda: cosine_task(2), ValueError, "modules must be at most inputs = 2 if orthonormal, got 3"),
    "variances": (lambda: CosineModules(3, 1, [-1.0], 1), ValueError, "weight_variances must not be negative"),
    "used": (lambda: CosineModules(3, 1, [1.0], 2), ValueError, "used must be at most 1"),
    "noise": (lambda: cosine_task(3, noise=math.nan), ValueError, "noise must be finite"),
    "rows": (lambda: simulated.estimate_known_directions(cosine_task(3), 2), ValueError, "rows must be at least 3"),
    "near": (
        lambda: simulated.estimate_known_directions(cosine_task(3), 26),
        simulated.InfiniteVariance,
        "rows must differ from the 24 used features by at least 4",
    ),
    "task": (lambda: simulated.estimate_kernel_ridge(None, 30), TypeError, "task must be CosineModules"),
    "count": (lambda: cosine_task(3).features(np.full((2, 3), np.nan), np.eye(3)), ValueError, "seen must be finite"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_calls(name):
    call, error, message = WRONG[name]
    with pytest.raises(error, match=message):
        call()
