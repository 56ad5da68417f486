"""Draws of random features against the predictions, in standard errors.

The seeds are fixed. With others, a true statement fails with the probability stated by the bound: 1e-6 per comparison
at 4.9 standard errors.
"""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from linmod.datasets import CosineModules, PowerLaw, RandomFeatures
from linmod.dynamics import scaling as simulated
from linmod.figures import CATALOGUE, select
from linmod.theory import scaling as predicted

SIGMAS = 4.9
scaled, whitened, law = RandomFeatures.scaled, RandomFeatures.whitened, PowerLaw.with_exponent

# choice, rows, used, features, m, omega, noise, ridge
EXACT = [
    (scaled, 60, 20, 100, 2, 1.5, 0.0, 0.0),
    (scaled, 120, 50, 200, 3, 1.5, 0.0, 0.0),
    (scaled, 100, 80, 150, 1, 2.0, 0.0, 0.0),
    (scaled, 60, 20, 100, 2, 1.5, 0.3, 0.0),
    (scaled, 50, 10, 60, 4, 2.0, 0.0, 0.0),
    (whitened, 60, 20, 100, 2, 1.5, 0.3, 0.0),
    (whitened, 20, 60, 100, 2, 1.5, 0.0, 0.0),
    (whitened, 30, 50, 120, 2, 1.5, 0.2, 0.0),
]
EQUIVALENT = [
    (scaled, 20, 60, 150, 2, 1.5, 0.0, 0.0),
    (scaled, 20, 60, 150, 1, 2.0, 0.0, 0.0),
    (scaled, 40, 120, 300, 3, 1.5, 0.0, 0.0),
    (scaled, 80, 240, 400, 2, 1.5, 0.0, 0.0),
    (scaled, 80, 240, 240, 1, 2.0, 0.0, 0.0),
    (scaled, 40, 160, 300, 2, 1.5, 0.2, 0.0),
    (scaled, 60, 40, 100, 2, 1.5, 0.2, 2.0),
    (scaled, 40, 40, 100, 2, 1.5, 0.1, 1.0),
    (scaled, 10, 40, 60, 1, 1.5, 0.0, 0.0),
    (whitened, 40, 40, 100, 2, 1.5, 0.1, 20.0),
]


def model_of(row):
    choice, rows, used, features, m, omega, noise, ridge = row
    return choice(law(m, omega).eigenvalues(features), used, noise=noise), rows, ridge


@pytest.mark.parametrize("row", EXACT)
def test_exact_losses(row):
    model, rows, _ = model_of(row)
    right, found = predicted.expected_losses(model, rows), simulated.estimate_losses(model, rows, draws=400)
    assert right.declared_error == 0
    assert abs(found.test - right.test) <= SIGMAS * found.test_error
    assert abs(found.train - right.train) <= SIGMAS * found.train_error + 1e-12
    assert SIGMAS * found.test_error < 0.1 * right.test


@pytest.mark.parametrize("row", EXACT)
def test_a_wrong_number_of_rows_is_rejected(row):
    model, rows, _ = model_of(row)
    wrong = predicted.expected_losses(model, rows - 8 if rows > model.used else rows + 8)
    found = simulated.estimate_losses(model, rows, draws=400)
    assert abs(found.test - wrong.test) > SIGMAS * found.test_error or model.used == 10


@pytest.mark.parametrize("row", EQUIVALENT)
def test_deterministic_equivalent(row):
    """Within a third of the error that it declares, and of 2.5 percent."""
    model, rows, ridge = model_of(row)
    right, found = (
        predicted.expected_losses(model, rows, ridge),
        simulated.estimate_losses(model, rows, ridge=ridge, draws=300),
    )
    allowed = min(right.declared_error / 3, 0.025) * right.test
    assert abs(found.test - right.test) <= SIGMAS * found.test_error + allowed
    assert abs(found.train - right.train) <= SIGMAS * found.train_error + allowed
    wrong = predicted.isotropic_losses(model, rows).test
    if ridge == 0:
        assert abs(found.test - wrong) > 5 * (SIGMAS * found.test_error + allowed)
        assert 0.9 < wrong / found.test - 1 < 5.5


@pytest.mark.parametrize(("modules", "quoted"), [(1, 0.22843), (3, 0.29488), (6, 0.52317)])
def test_modules(modules, quoted):
    here = law(1, 2.0)
    model = scaled(here.eigenvalues(60), 8).repeated(modules)
    unseen = here.tail(8) - here.tail(60)
    assert model.used == 8 * modules
    right, found = predicted.expected_losses(model, 80), simulated.estimate_losses(model, 80, draws=400)
    assert right.test == pytest.approx(quoted, abs=6e-6)
    assert right.train == pytest.approx(unseen * (1 - modules * 8 / 80), rel=1e-12)
    assert abs(found.test - right.test) <= SIGMAS * found.test_error


def test_samples_for_half_the_variance():
    """Direct draws on all of very many features at the number of rows that the ideal method needs."""
    here = law(2, 1.5)
    features = 3000
    model = scaled(here.eigenvalues(features), features, rest=here.tail(features))
    found = simulated.estimate_losses(model, 15, draws=100, targets=64)
    assert abs(found.test - predicted.ideal_loss(here, 15)) <= SIGMAS * found.test_error + 0.02 * found.test


# Flow.

TIMES = np.array([1.0, 5.0, 20.0, 100.0, 500.0])


@pytest.mark.parametrize(("choice", "rows", "used"), [(scaled, 40, 120), (scaled, 80, 40), (whitened, 40, 80)])
def test_flow(choice, rows, used):
    model = choice(law(2, 1.5).eigenvalues(200), used, noise=0.1)
    right = predicted.flow_losses(model, rows, TIMES)
    found = simulated.estimate_flow(model, rows, TIMES, draws=150)
    assert np.all(np.abs(found.test - right.test) <= SIGMAS * found.test_error + 0.02 * right.test)
    assert np.all(np.abs(found.train - right.train) <= SIGMAS * found.train_error + 0.01)
    early = predicted.flow_losses(model, rows, TIMES / 10)
    assert np.any(np.abs(found.test - early.test) > SIGMAS * found.test_error + 0.02 * right.test)


def test_flow_expected_over_given_features():
    """Exact for each draw of the features: means over targets of the two sides agree without any allowance."""
    model = scaled(law(2, 1.5).eigenvalues(60), 12, noise=0.1)
    generator = np.random.default_rng(3)
    exact = np.zeros(len(TIMES))
    for _ in range(400):
        phi = generator.standard_normal((20, 12)) * np.sqrt(model.feature_variances[:12])
        exact += predicted.flow_losses_given(model, phi, TIMES).test / 400
    found = simulated.estimate_flow(model, 20, TIMES, draws=400, seed=4)
    assert np.all(np.abs(found.test - exact) <= 1.5 * SIGMAS * found.test_error)


def test_flow_weights_are_those_of_raw_integration():
    generator = np.random.default_rng(0)
    phi, y = generator.standard_normal((10, 15)), generator.standard_normal((10, 1))

    def velocity(_, theta):
        return phi.T @ (y[:, 0] - phi @ theta) / 10

    raw = solve_ivp(velocity, (0, 8), np.zeros(15), t_eval=[0.5, 8.0], rtol=1e-11, atol=1e-13).y.T
    np.testing.assert_allclose(simulated.flow_weights(phi, y, [0.5, 8.0])[:, :, 0], raw, atol=1e-9)


def test_flow_is_the_limit_of_descent():
    generator = np.random.default_rng(1)
    phi, y = generator.standard_normal((12, 5)), generator.standard_normal((12, 1))
    exact = simulated.flow_weights(phi, y, [2.0])[0]
    errors = []
    for steps in (100, 200, 400):
        theta = np.zeros((5, 1))
        for _ in range(steps):
            theta += 2.0 / steps * phi.T @ (y - phi @ theta) / 12
        errors.append(np.abs(theta - exact).max())
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all(np.abs(orders - 1) < 0.05)


# The threshold.


@pytest.mark.parametrize(("gap", "index"), [(0, 0.5), (1, 1.0), (2, 1.5)])
def test_tail_index(gap, index):
    traces = simulated.sample_inverse_traces(8, 8 - gap, draws=40_000, seed=gap)
    found, error = simulated.hill_index(traces, 200)
    assert predicted.tail_index(8, 8 - gap) == index
    assert abs(found - index) <= SIGMAS * error
    assert abs(found - (index + 1)) > SIGMAS * error


@pytest.mark.parametrize(("used", "median"), [(19, 19.9), (20, 76.9), (21, 21.3)])
def test_medians_at_the_threshold(used, median):
    """The logarithm of the median of 4000 draws has a standard error of about 2.5 percent."""
    traces = simulated.sample_inverse_traces(20, used, draws=4000, seed=1)
    assert np.median(traces) == pytest.approx(median, rel=0.12)


@pytest.mark.parametrize("rows", [17, 20, 23])
def test_means_near_the_threshold_are_refused(rows):
    model = whitened(law(1, 2.0).eigenvalues(40), 20)
    with pytest.raises(simulated.InfiniteVariance, match="rows must differ from the 20 used features by at least 4"):
        simulated.estimate_losses(model, rows)
    assert np.all(np.isfinite(simulated.sample_losses(model, rows, draws=5)))
    assert simulated.estimate_losses(model, rows, ridge=1.0, draws=5).draws == 5


@pytest.mark.parametrize("rows", [17, 20, 23])
def test_long_flows_near_the_threshold_are_refused(rows):
    model = whitened(law(1, 2.0).eigenvalues(40), 20)
    with pytest.raises(simulated.InfiniteVariance, match="rows must differ from the 20 used features by at least 4"):
        simulated.estimate_flow(model, rows, [1.0, 1e6])
    assert simulated.estimate_flow(model, rows, [1.0, 100.0], draws=5).draws == 5
    assert simulated.estimate_flow(model, 30, [1e6], draws=5).draws == 5


# Sampling.


def test_same_seed_same_numbers_other_seed_others():
    model = scaled(law(1, 2.0).eigenvalues(20), 5)
    one, same, other = (simulated.estimate_losses(model, 20, draws=20, seed=seed) for seed in (0, 0, 1))
    assert one == same
    assert one.test != other.test


def test_batches_add_up_to_the_plain_mean():
    model = scaled(law(1, 2.0).eigenvalues(20), 5)
    values = simulated.sample_losses(model, 20, draws=300)

    def sample(generator, count):
        start = int(generator.integers(1))
        return values[state["done"] + start : state.update(done=state["done"] + count) or state["done"], None]

    state = {"done": 0}
    found = simulated.estimate(sample, draws=300, batch=7)
    assert found.mean[0] == pytest.approx(values.mean(), rel=1e-12)
    assert found.standard_error[0] == pytest.approx(values.std(ddof=1) / 300**0.5, rel=1e-12)


def test_sampling_stops_at_the_wanted_error_and_reports_progress():
    model, seen = scaled(law(1, 2.0).eigenvalues(20), 5), []
    found = simulated.estimate_losses(model, 20, draws=100_000, relative_error=0.02, progress=seen.append)
    assert found.test_error <= 0.02 * found.test
    assert found.draws < 5000
    assert seen[-1] == 1.0
    assert seen == sorted(seen)


def test_all_estimates_stop_at_the_wanted_error():
    model = scaled(law(1, 2.0).eigenvalues(20), 5)
    task = CosineModules(4, 2, law(1, 2.0).eigenvalues(20), used=3)
    flow = simulated.estimate_flow(model, 20, [1.0, 10.0], draws=100_000, relative_error=0.05)
    assert np.all(flow.test_error <= 0.05 * flow.test)
    known = simulated.estimate_known_directions(task, 30, draws=100_000, relative_error=0.05)
    assert np.all(known.standard_error <= 0.05 * known.mean)
    assert 100 <= min(flow.draws, known.draws) <= max(flow.draws, known.draws) < 5000


def test_standard_errors_cover():
    """Of 100 estimates, 95 percent within 1.96 standard errors: fewer than 83 or 100 of 100 has probability .01."""
    model = scaled(law(1, 2.0).eigenvalues(20), 5)
    right = predicted.expected_losses(model, 20).test
    runs = [simulated.estimate_losses(model, 20, draws=120, seed=seed) for seed in range(100)]
    inside = sum(abs(run.test - right) <= 1.96 * run.test_error for run in runs)
    assert 86 <= inside <= 99


MODEL = whitened([1.0, 0.5, 0.2], 2)
WRONG = {
    "rows": (lambda: simulated.estimate_losses(MODEL, 0), ValueError, "rows must be at least 1"),
    "ridge": (lambda: simulated.estimate_losses(MODEL, 9, ridge=-1.0), ValueError, "ridge must be at least 0"),
    "ridge nan": (lambda: simulated.estimate_losses(MODEL, 9, ridge=math.nan), ValueError, "ridge must be finite"),
    "draws": (lambda: simulated.estimate_losses(MODEL, 9, draws=1), ValueError, "draws must be at least 2"),
    "targets": (lambda: simulated.estimate_losses(MODEL, 9, targets=0), ValueError, "targets must be at least 1"),
    "seed": (lambda: simulated.estimate_losses(MODEL, 9, seed=-1), ValueError, "seed must be at least 0"),
    "goal": (lambda: simulated.estimate_losses(MODEL, 9, relative_error=0.0), ValueError, "relative_error must be pos"),
    "model": (lambda: simulated.estimate_losses([1.0], 9), TypeError, "model must be RandomFeatures"),
    "times": (lambda: simulated.estimate_flow(MODEL, 9, [-1.0]), ValueError, "times must not be negative"),
    "largest": (lambda: simulated.hill_index([1.0, 2.0, 3.0], 3), ValueError, "largest must be below"),
    "values": (lambda: simulated.hill_index([0.0, 2.0, 3.0], 2), ValueError, "values must be positive"),
    "draws nan": (
        lambda: simulated.estimate(lambda _, count: np.full((count, 1), math.nan), draws=5),
        FloatingPointError,
        "draws must be finite, got nan",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_calls(name):
    call, error, message = WRONG[name]
    with pytest.raises(error, match=message):
        call()


# Claims.


def test_group_selects_its_claims():
    names = [claim.name for claim in select(["scaling"])]
    assert names[:5] == ["double-descent", "feature-covariance", "early-stopping", "loss-trends", "sample-complexity"]
    assert names[5:8] == ["sample-criteria", "known-directions", "linear-modules"]
    assert names[8:] == ["module-mixture", "module-finding", "module-samples"]
    assert [claim.name for claim in select(["scaling", "spectrum"])] == ["spectrum", *names]
    assert len(select([])) == len(CATALOGUE)


def test_a_misspelt_group_is_named():
    with pytest.raises(ValueError, match="near it: scaling"):
        select(["scalings"])
