"""Averages over random starts, against drawn ones."""

import numpy as np
import pytest

import linmod
from linmod import theory
from linmod.figures.specialization.phase import expected_half_time, ratio_dataset, time_dataset, time_problem
from linmod.sweeps.quantities import half_times


@pytest.mark.parametrize(("modes", "directions"), [(1, 1), (1, 40), (3, 3), (5, 30), (20, 60)])
def test_log_strength_is_that_of_drawn_strengths(modes, directions):
    generator = np.random.default_rng(0)
    std, draws = 1e-3, 4000
    weights = std * np.sqrt(0.5) * generator.standard_normal((draws, directions, modes))
    _, logs = np.linalg.slogdet(np.swapaxes(weights, 1, 2) @ weights)
    drawn = logs / modes
    expected = theory.mean_log_strength(std, modes, directions)
    assert abs(drawn.mean() - expected.mean) < 5 * expected.deviation / np.sqrt(draws)
    assert drawn.std() == pytest.approx(expected.deviation, rel=0.1)
    wrong = theory.mean_log_strength(1.5 * std, modes, directions)
    assert abs(drawn.mean() - wrong.mean) > 5 * expected.deviation / np.sqrt(draws)


@pytest.mark.parametrize("name", ["sign_to_sign", "identity_to_identity"])
@pytest.mark.parametrize(("bits", "part"), [(1, 2.0), (3, 8.0), (4, 64.0)])
def test_half_time_is_the_mean_over_predicted_starts(name, bits, part):
    dataset, seeds = time_dataset(bits, part), range(40)
    problems = [time_problem(dataset, seed) for seed in seeds]
    times = np.array([half_times(problem, theory.solve(problem))[name,] for problem in problems])
    expected = expected_half_time(dataset, name)
    bound = 5 * expected.deviation / np.sqrt(len(seeds)) + expected.neglected
    assert abs(times.mean() - expected.mean) < bound
    assert abs(times.mean() - expected_half_time(dataset, name, std=3e-4).mean) > bound
    assert times.std(ddof=1) == pytest.approx(expected.deviation, rel=0.5)


def test_the_flow_is_the_limit_of_small_steps():
    mode = theory.spectrum(linmod.SystematicityDataset(3, 1, 3, 1))["sign_to_sign"]
    flow = theory.mean_half_time(mode, std=1e-3, directions=50)
    steps = np.array([0.04, 0.02, 0.01])
    gaps = [theory.mean_half_time(mode, std=1e-3, directions=50, step_size=step).mean - flow.mean for step in steps]
    assert np.polyfit(np.log(steps), np.log(np.abs(gaps)), 1)[0] == pytest.approx(1.0, abs=0.05)


def test_half_time_of_descent_follows_the_discrete_map():
    mode = theory.spectrum(linmod.SystematicityDataset(3, 1, 3, 1))["sign_to_sign"]
    start = np.exp(theory.mean_log_strength(1e-3, 1, 50).mean)
    for alpha in (0.2, 0.1, 0.05):
        n = np.arange(round(12 / alpha))
        curve = theory.two_layer_descent(mode.lam, mode.delta, 4 * start, 0.0, alpha, n)
        exact = np.interp(mode.pi_star / 2, curve, alpha * n)
        expected = theory.mean_half_time(mode, std=1e-3, directions=50, step_size=alpha).mean
        assert abs(exact - expected) < (alpha * mode.lam) ** 2 / (2 * mode.lam)


def test_ratio_has_the_scatter_of_its_start_only():
    dataset = ratio_dataset(3, 8.0)
    narrow, wide = theory.mean_systematicity_ratio(dataset, 1e-4), theory.mean_systematicity_ratio(dataset, 1e-3)
    assert narrow.mean == wide.mean == 0.5
    assert wide.deviation == pytest.approx(10 * narrow.deviation)
    assert theory.mean_systematicity_ratio(dataset, 0.0).deviation == 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.mean_log_strength(0.0, 1, 1), "std must be positive"),
        (lambda: theory.mean_log_strength(1.0, 0, 1), "modes must be at least 1"),
        (lambda: theory.mean_log_strength(1.0, 3, 2), "directions must be at least 3"),
        (
            lambda: theory.mean_systematicity_ratio(linmod.SystematicityDataset(1, 0, 1, 1), 1.0),
            "n_y must be at least 1",
        ),
        (lambda: theory.mean_systematicity_ratio(ratio_dataset(1, 1.0), -1.0), "std must be at least 0"),
    ],
)
def test_wrong_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
