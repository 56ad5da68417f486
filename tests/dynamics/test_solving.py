"""Training of all weights, held against a second implementation from the covariances, and its own invariants."""

from itertools import pairwise
from itertools import product as grid

import numpy as np
import pytest
from plain_networks import chain, flat, gradient, loss, random_data, unflat
from scipy.integrate import solve_ivp

from linmod import (
    Aligned,
    Dataset,
    Deep,
    Descent,
    Divergence,
    Explicit,
    Flow,
    Problem,
    Shallow,
    SmallRandom,
    SystematicityDataset,
    dynamics,
    theory,
)

# Two implementations of one descent differ by rounding: 60 steps of sums of at most 20 products, 60 * 20 * 1.1e-16
# = 1.3e-13 relative to weights of O(1); near the solution, where training ends, steps contract, and before it a
# perturbation grows at most as exp(lambda t) < exp(6).
ROUNDING = 1e-10
NETWORKS = {1: Shallow(), 2: Deep(hidden=4), 3: Deep(hidden=4, layers=3)}


def _weights(network, dataset, seed=1, scale=0.4):
    generator = np.random.default_rng(seed)
    return [scale * generator.standard_normal(shape) for shape in network.shapes(dataset)]


@pytest.mark.parametrize("layers", NETWORKS)
@pytest.mark.parametrize("seed", [0, 1])
def test_descent_against_a_plain_loop(layers, seed):
    data, network = random_data(seed), NETWORKS[layers]
    weights = _weights(network, data)
    steps = 60
    problem = Problem(data, network, Explicit(weights), Descent(0.05, steps))
    simulation = dynamics.solve(problem)
    norms = {pair: [] for pair in grid(data.input_blocks, data.output_blocks)}
    losses, history = [], []
    for _ in range(steps + 1):
        history.append([matrix.copy() for matrix in weights])
        losses.append(loss(data.X, data.Y, weights))
        W = chain(weights, data.n_inputs)
        for source, target in norms:
            norms[source, target].append(np.sqrt(np.sum(W[data.output_blocks[target], data.input_blocks[source]] ** 2)))
        weights = [matrix - 0.05 * g for matrix, g in zip(weights, gradient(data.X, data.Y, weights), strict=True)]
    assert losses[0] - losses[-1] > 1e4 * ROUNDING
    np.testing.assert_allclose(simulation.loss, losses, rtol=0, atol=ROUNDING)
    assert set(simulation.norms) == set(norms)
    for pair, values in norms.items():
        np.testing.assert_allclose(simulation.norms[pair], values, rtol=0, atol=ROUNDING)
    for layer, over_time in enumerate(simulation.weights):
        np.testing.assert_allclose(over_time, [state[layer] for state in history], rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("layers", NETWORKS)
def test_flow_against_scipy_on_other_equations(layers):
    data, network = random_data(), NETWORKS[layers]
    weights = _weights(network, data)
    times = np.array([0.5, 1.0, 4.0])

    def velocity(_, vector):
        return -flat(gradient(data.X, data.Y, unflat(vector, weights)))

    reference = solve_ivp(velocity, (0, 4), flat(weights), "DOP853", times, rtol=1e-12, atol=1e-14)
    problem = Problem(data, network, Explicit(weights), Flow(times, rtol=1e-11, atol=1e-13))
    simulation = dynamics.solve(problem, integrator="DOP853")
    # Each step errs by at most rtol = 1e-11 relative to weights of O(1); fewer than 100 steps; perturbations of this
    # start, which is far from the saddle, grow at most tenfold: 1e-8.
    assert simulation.statistics.steps < 100
    for column, expected in enumerate(reference.y.T):
        ours = flat([layer[column] for layer in simulation.weights])
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-8)
    assert np.max(np.abs(reference.y[:, 2] - flat(weights))) > 0.1


@pytest.mark.parametrize("layers", NETWORKS)
def test_one_step_is_minus_the_gradient_of_the_loss(layers):
    data, network = random_data(), NETWORKS[layers]
    weights = _weights(network, data)
    simulation = dynamics.solve(Problem(data, network, Explicit(weights), Descent(1.0, 1)))
    # The loss is a quadratic function of any single weight, so a central difference is exact up to rounding:
    # 1.1e-16 times a loss of O(10), a hundred operations and 1/h = 10 make 1e-12.
    h = 0.1
    for layer, matrix in enumerate(weights):
        step = simulation.weights[layer][1] - simulation.weights[layer][0]
        for index in np.ndindex(matrix.shape):
            losses = []
            for sign in (1, -1):
                moved = [other.copy() for other in weights]
                moved[layer][index] += sign * h
                losses.append(loss(data.X, data.Y, moved))
            assert step[index] == pytest.approx(-(losses[0] - losses[1]) / (2 * h), rel=0, abs=1e-12)


@pytest.mark.parametrize("layers", [2, 3])
@pytest.mark.parametrize(("rtol", "atol"), [(1e-5, 1e-7), (1e-8, 1e-10)])
def test_flow_conserves_the_balance_of_layers(layers, rtol, atol):
    data, network = random_data(), NETWORKS[layers]
    training = Flow([3.0], rtol=rtol, atol=atol)
    simulation = dynamics.solve(Problem(data, network, Explicit(_weights(network, data)), training))
    # An error e of the weights changes W'W by at most 2|W||e|; each step adds at most rtol|W| + atol per weight.
    size = min(np.linalg.norm(layer[-1]) for layer in simulation.weights)
    weights = sum(layer[0].size for layer in simulation.weights)
    bound = 4 * simulation.statistics.steps * (rtol + atol * np.sqrt(weights) / size)
    assert 0 < simulation.statistics.conserved_drift < bound


@pytest.mark.parametrize("layers", [2, 3])
def test_descent_conserves_the_balance_to_first_order(layers):
    data, network = random_data(), NETWORKS[layers]
    steps = np.array([200, 400, 800])
    drifts = []
    for n in steps:
        training = Descent(4.0 / n, int(n), record_every=int(n))
        simulation = dynamics.solve(Problem(data, network, Explicit(_weights(network, data)), training))
        drifts.append(simulation.statistics.conserved_drift)
        first, last = ([layer[i] for layer in simulation.weights] for i in (0, -1))
        balance = [[b.T @ b - a @ a.T for a, b in pairwise(state)] for state in (first, last)]
        change = max(np.linalg.norm(late - early) for early, late in zip(*balance, strict=True))
        scale = max(np.sum(matrix**2) for matrix in first + last)
        assert drifts[-1] == pytest.approx(change / scale, rel=1e-9)
    # The next term of the expansion is smaller by the factor step * curvature < 0.02 * 5: a slope within 0.1 of 1.
    slope = np.polyfit(np.log(4.0 / steps), np.log(drifts), 1)[0]
    assert slope == pytest.approx(1, abs=0.1)


def test_shallow_networks_have_no_balance_to_lose():
    simulation = dynamics.solve(Problem(random_data(), Shallow(), SmallRandom(0.1), Descent(0.05, 10)))
    assert simulation.statistics.conserved_drift == 0
    assert (simulation.statistics.steps, simulation.statistics.evaluations) == (10, 10)


@pytest.mark.parametrize("integrator", dynamics.INTEGRATORS)
def test_integrators_agree(integrator):
    data, network = random_data(), NETWORKS[2]
    weights = _weights(network, data)
    rtol, atol = 1e-7, 1e-9
    exact = dynamics.solve(Problem(data, network, Explicit(weights), Flow([1.0, 3.0], rtol=1e-12, atol=1e-14)))
    problem = Problem(data, network, Explicit(weights), Flow([1.0, 3.0], rtol=rtol, atol=atol))
    simulation = dynamics.solve(problem, integrator=integrator)
    assert integrator in simulation.origin
    # One step errs by at most rtol|w| + atol; perturbations grow at most tenfold from this start.
    largest = max(np.max(np.abs(layer)) for layer in exact.weights)
    bound = 10 * simulation.statistics.steps * (rtol * largest + atol)
    assert bound < 1e-2
    for ours, theirs in zip(simulation.weights, exact.weights, strict=True):
        error = np.max(np.abs(ours - theirs))
        assert 0 < error < bound


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("strength", [0.05, -0.05, 0.0])
@pytest.mark.parametrize("sizes", [(3, 1, 3, 1, 1.0), (1, 2, 1, 1, 0.7), (2, 1, 0, 1, 2.0), (2, 2, 1, 0, 2.0)])
def test_modes_by_themselves_agree_from_an_aligned_start(layers, strength, sizes):
    dataset, network = SystematicityDataset(*sizes), NETWORKS[layers] if layers == 1 else Deep(hidden=9)
    problem = Problem(dataset, network, Aligned(strength), Descent(0.1, 40, record_every=10))
    by_modes, by_weights = dynamics.solve_modes(problem), dynamics.solve(problem)
    # Rounding alone: 40 steps of sums of at most 40 products make 40 * 40 * 1.1e-16 = 2e-13.
    for name, values in by_weights.quantities.items():
        np.testing.assert_allclose(by_modes.quantities[name], values, rtol=0, atol=1e-12)
    np.testing.assert_allclose(by_modes.strengths, by_weights.strengths, rtol=0, atol=1e-12)
    for ours, theirs in zip(by_modes.weights, by_weights.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


def test_modes_by_themselves_agree_under_flow():
    problem = Problem(
        SystematicityDataset(2, 1, 1, 1), Deep(hidden=4), Aligned(0.05), Flow([1.0, 5.0], rtol=1e-11, atol=1e-13)
    )
    by_modes, by_weights = (solve(problem, integrator="DOP853") for solve in (dynamics.solve_modes, dynamics.solve))
    # Fewer than 100 steps of relative error 1e-11, a shift in time: 1e-9 times strengths of O(1).
    assert max(by_modes.statistics.steps, by_weights.statistics.steps) < 100
    for name, values in by_weights.quantities.items():
        np.testing.assert_allclose(by_modes.quantities[name], values, rtol=0, atol=2e-9)


def test_modes_by_themselves_differ_where_the_start_couples_them():
    dataset = SystematicityDataset(3, 1, 3, 1)
    problem = Problem(dataset, Deep(hidden=9), SmallRandom(0.3), Descent(0.1, 40))
    gap = np.abs(dynamics.solve_modes(problem).strengths - dynamics.solve(problem).strengths)
    assert np.max(gap) > 0.01


@pytest.mark.parametrize("solve", [dynamics.solve, dynamics.solve_modes])
def test_time_zero_only(solve):
    problem = Problem(SystematicityDataset(2, 1, 1, 1), Deep(hidden=4), Aligned(0.1), Flow([0.0]))
    simulation = solve(problem)
    assert simulation.times.tolist() == [0.0]
    assert (simulation.statistics.steps, simulation.statistics.evaluations) == (0, 0)
    np.testing.assert_allclose(simulation.modes["sign_to_sign"], [0.1], rtol=1e-14)
    none = solve(Problem(problem.dataset, problem.network, problem.initial, Descent(0.1, 0)))
    np.testing.assert_array_equal(none.strengths, simulation.strengths)


def test_times_need_not_start_at_zero():
    start = SystematicityDataset(2, 1, 1, 1), Deep(hidden=6), SmallRandom(0.1)
    late = dynamics.solve(Problem(*start, Flow([1.5, 3.0])))
    whole = dynamics.solve(Problem(*start, Flow([0.0, 0.5, 1.5, 3.0])))
    # The integrator takes the same steps, and reads the reported times off them.
    np.testing.assert_array_equal(late.strengths, whole.strengths[2:])
    np.testing.assert_array_equal(late.loss, whole.loss[2:])
    ends_there = dynamics.solve(Problem(*start, Flow([1.5])))
    np.testing.assert_allclose(ends_there.strengths[0], late.strengths[0], rtol=0, atol=1e-6)
    assert np.all(np.diff(whole.loss) < 0)


def test_recorded_steps_are_those_of_the_whole_run():
    start = SystematicityDataset(2, 1, 1, 1), Deep(hidden=6), SmallRandom(0.1)
    every = dynamics.solve(Problem(*start, Descent(0.1, 10)))
    some = dynamics.solve(Problem(*start, Descent(0.1, 10, record_every=7)))
    recorded = [0, 7, 10]
    np.testing.assert_array_equal(some.times, 0.1 * np.array(recorded))
    np.testing.assert_array_equal(some.strengths, every.strengths[recorded])
    np.testing.assert_array_equal(some.loss, every.loss[recorded])
    for few, all_of_them in zip(some.weights, every.weights, strict=True):
        np.testing.assert_array_equal(few, all_of_them[recorded])
    rare = dynamics.solve(Problem(*start, Descent(0.1, 10, record_every=100)))
    np.testing.assert_array_equal(rare.times, [0.0, 1.0])


@pytest.mark.parametrize("layers", NETWORKS)
@pytest.mark.parametrize("training", [Flow([0.0, 1.0, 2.0]), Descent(0.1, 20, record_every=10)])
def test_weights_over_time_make_the_reported_quantities(layers, training):
    dataset, network = SystematicityDataset(2, 1, 1, 1), NETWORKS[layers]
    problem = Problem(dataset, network, SmallRandom(0.2), training)
    simulation = dynamics.solve(problem)
    assert [layer.shape for layer in simulation.weights] == [(3, *shape) for shape in network.shapes(dataset)]
    as_they_are = dynamics.solve(problem, coordinates="data").weights
    for layer, data, initial in zip(simulation.weights, as_they_are, problem.initial_weights, strict=True):
        np.testing.assert_array_equal(data[0], initial)
        # Rotated coordinates are rotated back: a few roundings of numbers below 1.
        np.testing.assert_allclose(layer[0], initial, rtol=0, atol=1e-15)
    basis = dataset.mode_basis
    for i in range(3):
        state = [layer[i] for layer in simulation.weights]
        W = chain(state, dataset.n_inputs)
        # Sums of fewer than 100 products of O(1): 1e-14.
        assert simulation.loss[i] == pytest.approx(loss(dataset.X, dataset.Y, state), rel=0, abs=1e-13)
        for (source, target), values in simulation.norms.items():
            block = W[dataset.output_blocks[target], dataset.input_blocks[source]]
            assert values[i] == pytest.approx(np.linalg.norm(block), rel=0, abs=1e-13)
        projected = basis.U.T @ W @ basis.V
        np.testing.assert_allclose(simulation.strengths[i], np.diag(projected), rtol=0, atol=1e-13)
        for name, members in basis.classes.items():
            count = members.stop - members.start
            size = np.sqrt(np.sum(projected[members, members] ** 2) / count)
            assert simulation.modes[name][i] == pytest.approx(size, rel=0, abs=1e-13)


def test_the_same_seed_gives_the_same_course_and_another_seed_another():
    dataset, network, training = SystematicityDataset(2, 1, 1, 1), Deep(hidden=6), Descent(0.1, 10)
    first, again, other = (
        dynamics.solve(Problem(dataset, network, SmallRandom(0.1, seed), training)).strengths for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert np.max(np.abs(first - other)) > 1e-3


@pytest.mark.parametrize("training", [Flow([0.0, 1.0, 2.0]), Descent(0.1, 20, record_every=10)])
def test_progress_is_told(training):
    seen = []
    problem = Problem(SystematicityDataset(2, 1, 1, 1), Deep(hidden=6), SmallRandom(0.1), training)
    dynamics.solve(problem, progress=seen.append)
    assert seen == pytest.approx([1 / 3, 2 / 3, 1.0])


def test_an_integrator_that_cannot_go_on_says_so():
    data = Dataset([[1.0]], [[1.0]])
    problem = Problem(data, Deep(hidden=1), Explicit([[[1e150]], [[1e150]]]), Flow([1.0]))
    with pytest.raises(Divergence, match=r"integration stopped at time|not finite at time 0"):
        dynamics.solve(problem)


def test_fewer_hidden_units_than_modes_learn_the_best_map_of_that_rank():
    dataset = SystematicityDataset(3, 1, 3, 1, 2.0)
    sigma = np.sort(theory.spectrum(dataset).per_mode("sigma"))[::-1]
    for hidden in (1, 2, 5, 8):
        problem = Problem(dataset, Deep(hidden=hidden), SmallRandom(0.05), Descent(0.2, 1500, record_every=1500))
        # The best map of rank h leaves the smallest sigma; descent approaches it exponentially.
        assert dynamics.solve(problem).loss[-1] == pytest.approx(np.sum(sigma[hidden:]) / 2, rel=0, abs=1e-6)
