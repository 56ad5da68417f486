"""From an aligned start the prediction is exact: it is compared with training of all weights.

Tolerances
----------
Descent: prediction and training apply the same map, so only rounding separates them. A step sums fewer than 100
products, and its relative error is below 100 * 1.1e-16; over 40 steps that makes 5e-13 at worst. A relative error in a
small weight acts as a shift in time, and changes a strength by at most its final value times half that error
(pi (1 - pi/pi*) <= pi*/4, twice for the two layers); strengths, norms and losses are O(1), hence 1e-12.
Errors that leave the modes grow at most as exp(lambda t) < exp(8); they enter strengths in second order, and weights in
first: exp(8) * 1e-16 = 3e-13.

Flow: every accepted step adds a relative error of at most rtol = 1e-11 (atol is below it); integrations take fewer than
500 steps, so the shift in time is at most 5e-9, and the change of a strength at most half of that: 1e-8.
"""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from contract import gap

from linmod import Aligned, Deep, Descent, Flow, Problem, Shallow, SystematicityDataset, dynamics, theory

DESCENT_TOLERANCE = 1e-12
FLOW_TOLERANCE = 1e-8
STEPS = 40
MOST_STEPS = 500

STARTS = {
    "positive": 0.05,
    "negative": -0.05,
    "zero": 0.0,
    "each class its own": (0.08, -0.03, 0.02, 0.0),
    "other classes": (0.0, 0.3, -0.06, 0.01),
}
# n_bits, n_x, n_y, k_x, k_y, r: the usual case, then one edge each
FLOW_CASES = [
    (3, 3, 1, 3, 1, 1.0),
    (3, 3, 3, 1, 2, 2.0),
    (2, 2, 0, 1, 1, 0.7),
    (2, 0, 1, 3, 1, 0.7),
    (2, 0, 0, 1, 2, 2.0),
    (2, 1, 2, 1, 1, 0.7),
    (3, 1, 1, 0, 1, 2.0),
    (2, 2, 1, 3, 0, 2.0),
    (2, 2, 1, 0, 0, 0.7),
    (2, 2, 1, 1, 1, 0.0),
    (1, 1, 1, 3, 2, 2.0),
    (3, 2, 1, 1, 1, -1.0),
]


def _grid(bits):
    for b in bits:
        for n_x, n_y, k_x, k_y in product(range(b + 1), range(b + 1), (0, 1, 3), (0, 1, 2)):
            if (n_x or k_x) and (n_y or k_y):
                yield b, n_x, n_y, k_x, k_y


def _dataset(b, n_x, n_y, k_x, k_y, r):
    return SystematicityDataset(n_x, n_y, k_x, k_y, r, n_bits=b)


def _initial(dataset, start):
    strength = STARTS[start]
    if isinstance(strength, tuple):
        names = [c.name for c in theory.spectrum(dataset).learnable]
        strength = dict(zip(names, strength, strict=False))
    return Aligned(strength)


def _problem(dataset, layers, start, training):
    network = Shallow() if layers == 1 else Deep(hidden=theory.spectrum(dataset).n_modes + 2)
    initial = _initial(dataset, start)
    probe = Problem(dataset, network, initial, Descent(1.0, 1))
    step = 0.2 * min(theory.largest_stable_step(network, dataset), 5.0)
    if training == "descent":
        return replace(probe, training=Descent(step, STEPS, record_every=10))
    end = step * STEPS
    return replace(probe, training=Flow(np.linspace(0, end, 5), rtol=1e-11, atol=1e-13))


def _swapped(spectrum):
    """Lambda of the first two learnable classes exchanged, where it makes a difference."""
    learnable = spectrum.learnable
    if len(learnable) < 2:
        return None
    other = {learnable[0].name: learnable[1].lam, learnable[1].name: learnable[0].lam}
    return theory.Spectrum(tuple(replace(c, lam=other.get(c.name, c.lam)) for c in spectrum.classes))


def _whitened(spectrum):
    """Delta replaced by one."""
    return theory.Spectrum(tuple(replace(c, delta=1.0) for c in spectrum.classes))


def _null_predictions(problem):
    """Predictions with one wrong ingredient, each where that ingredient matters."""
    spectrum = theory.spectrum(problem.dataset)
    if not spectrum.learnable:
        return {}
    start = {c.name: problem.initial.of_class(c.name) for c in spectrum.learnable}
    learns = {c.name: problem.network.layers == 1 or start[c.name] != 0 for c in spectrum.learnable}
    nulls = {}
    swapped = _swapped(spectrum)
    if swapped and any(learns[c.name] and abs(c.lam - swapped[c.name].lam) > 0.02 for c in spectrum.learnable):
        nulls["lambda swapped"] = theory.solve(problem, spectrum=swapped)
    if any(learns[c.name] and abs(c.delta - 1) > 0.02 and start[c.name] >= 0 for c in spectrum.learnable):
        nulls["delta is one"] = theory.solve(problem, spectrum=_whitened(spectrum))
    if any(start.values()):
        nulls["three times the strength"] = theory.solve(problem, strength_factor=3.0)
    if any(learns.values()):
        still = replace(problem, training=Descent(1.0, 0))
        first = theory.solve(still)
        ones = np.ones(len(problem.times))
        nulls["constant"] = replace(
            first,
            times=problem.times,
            modes={name: value * ones for name, value in first.modes.items()},
            norms={pair: value * ones for pair, value in first.norms.items()},
            loss=first.loss * ones,
            make_strengths=lambda: first.strengths * ones[:, None],
        )
    return nulls


def _check(problem, tolerance):
    simulation = dynamics.solve(problem, coordinates="data")
    assert simulation.statistics.steps < MOST_STEPS
    error = gap(theory.solve(problem), simulation)
    assert error <= tolerance, f"{problem}: {error:.2e}"
    for name, prediction in _null_predictions(problem).items():
        wrong = gap(prediction, simulation)
        assert wrong > 100 * max(tolerance, FLOW_TOLERANCE), f"{problem}: {name} not rejected, {wrong:.2e}"


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("r", [0.0, 0.7, 2.0])
def test_descent(layers, start, r):
    for b, *sizes in _grid((1, 2, 3)):
        _check(_problem(_dataset(b, *sizes, r), layers, start, "descent"), DESCENT_TOLERANCE)


@pytest.mark.slow
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("r", [0.0, 0.7, 2.0])
def test_descent_with_more_items(layers, r):
    for case, (b, *sizes) in enumerate(_grid((4,))):
        start = list(STARTS)[case % len(STARTS)]
        _check(_problem(_dataset(b, *sizes, r), layers, start, "descent"), DESCENT_TOLERANCE)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("start", ["positive", "each class its own"])
@pytest.mark.parametrize("case", FLOW_CASES)
def test_flow(case, start, layers):
    _check(_problem(_dataset(*case), layers, start, "flow"), FLOW_TOLERANCE)


@pytest.mark.slow
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("r", [0.0, 0.7, 2.0])
def test_flow_on_the_grid(layers, r):
    for case, (b, *sizes) in enumerate(_grid((1, 2))):
        start = list(STARTS)[case % len(STARTS)]
        _check(_problem(_dataset(b, *sizes, r), layers, start, "flow"), FLOW_TOLERANCE)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("training", ["descent", "flow"])
def test_weights(layers, start, training):
    problem = _problem(SystematicityDataset(2, 2, 1, 1, 0.7, n_bits=3), layers, start, training)
    predicted, simulated = theory.solve(problem).weights, dynamics.solve(problem, coordinates="data").weights
    assert len(predicted) == len(simulated) == layers
    tolerance = DESCENT_TOLERANCE if training == "descent" else FLOW_TOLERANCE
    for ours, theirs in zip(predicted, simulated, strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)
        if start != "zero":
            assert np.max(np.abs(theirs - theirs[0])) > 100 * FLOW_TOLERANCE


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("sizes", [(3, 1, 3, 1, 1.0), (3, 3, 1, 0, 2.0), (2, 1, 1, 2, -0.7), (2, 2, 0, 1, 2.0)])
def test_systematicity_ratio_is_constant(layers, sizes):
    dataset = SystematicityDataset(*sizes, n_bits=3)
    problem = _problem(dataset, layers, "positive", "descent")
    constant = theory.systematicity_ratio(dataset)
    assert constant == pytest.approx(8 / (8 + sizes[2] * sizes[4] ** 2), abs=1e-15)
    for trajectory in (theory.solve(problem), dynamics.solve(problem, coordinates="data")):
        np.testing.assert_allclose(trajectory.systematicity_ratio, constant, rtol=0, atol=DESCENT_TOLERANCE)


def test_systematicity_ratio_is_not_constant_where_it_should_not_be():
    dataset = SystematicityDataset(1, 2, 1, 1, 1.0)
    ratio = dynamics.solve(_problem(dataset, 2, "positive", "descent"), coordinates="data").systematicity_ratio
    assert np.ptp(ratio) > 1e-2
