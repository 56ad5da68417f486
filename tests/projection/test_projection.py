"""Networks from elsewhere: as matrices and as functions, held against training, theory and their own derivatives."""

import json
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import linmod
from linmod import Dataset, Deep, Descent, Problem, Shallow, SmallRandom, SystematicityDataset, dynamics
from linmod.projection import jacobian_map, least_squares_map, product_map
from linmod.projection.checkpoints import read_checkpoints

EPS = {np.float64: np.finfo(np.float64).eps, np.float32: np.finfo(np.float32).eps}
SYSTEMATIC = Problem(SystematicityDataset(3, 1, 3, 1), Deep(50), SmallRandom(0.05), Descent(0.125, 100))
_random = np.random.default_rng(5)
SQUARE = Problem(
    Dataset(_random.standard_normal((4, 20)), _random.standard_normal((4, 20))),
    Deep(4),
    SmallRandom(0.4),
    Descent(0.125, 40),
)
THREE = Problem(SystematicityDataset(2, 1, 1, 1), Deep(8, layers=3), SmallRandom(0.3), Descent(0.125, 60))
SHALLOW = replace(SYSTEMATIC, network=Shallow())
PROBLEMS = {"two layers": SYSTEMATIC, "three layers": THREE, "shallow": SHALLOW, "any data": SQUARE}


def trained(problem, dtype=np.float64, step_size=None):
    """Weights after every step, by a program that shares nothing with ours."""
    X, Y = (np.asarray(side, dtype=dtype) for side in (problem.dataset.X, problem.dataset.Y))
    step = dtype((step_size or problem.training.step_size) / X.shape[1])
    weights = [matrix.astype(dtype) for matrix in problem.initial_weights]
    checkpoints = [weights]
    for _ in range(problem.training.steps):
        seen = [X]
        for matrix in weights:
            seen.append(matrix @ seen[-1])
        error, gradients = seen[-1] - Y, []
        for matrix, before in zip(weights[::-1], seen[-2::-1], strict=True):
            gradients.insert(0, error @ before.T)
            error = matrix.T @ error
        weights = [matrix - step * gradient for matrix, gradient in zip(weights, gradients, strict=True)]
        checkpoints.append(weights)
    return checkpoints


def rounding(problem, dtype):
    """n steps of inner products with d terms round n d times with either sign: a random walk of sqrt(n d) epsilon.

    That is 2e-14 and at most 9e-6 here, inside 1e-10 and 1e-5; what one step adds to a growing mode grows with it.
    """
    longest = max(max(matrix.shape) for matrix in problem.initial_weights)
    bound = np.sqrt(problem.training.steps * max(longest, problem.dataset.n_items)) * EPS[dtype]
    assert bound <= {np.float64: 1e-10, np.float32: 1e-5}[dtype]
    return float(bound)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_training_elsewhere_equals_our_simulation(problem, dtype):
    projection = linmod.project(trained(problem, dtype), problem.dataset, times=problem.times)
    assert projection.precision == EPS[dtype]
    stated = projection.problem(problem.training)
    assert stated.network == problem.network
    assert linmod.compare(dynamics.solve(stated), projection, rounding(problem, dtype)).passed


def test_null_controls_are_rejected():
    checkpoints, own = trained(SQUARE), dynamics.solve(SQUARE)
    wrong = {
        "layers swapped": [weights[::-1] for weights in checkpoints],
        "transposed": [[matrix.T for matrix in weights] for weights in checkpoints],
        "wrong step size": trained(SQUARE, step_size=0.126),
        "another order": [checkpoints[i] for i in np.random.default_rng(0).permutation(len(checkpoints))],
        "one step late": [[matrix.copy() for matrix in checkpoints[0]], *checkpoints[:-1]],
    }
    for name, given_checkpoints in wrong.items():
        projection = linmod.project(given_checkpoints, SQUARE.dataset, times=SQUARE.times)
        assert linmod.compare(own, projection, 1e-5).max_error > 1e-3, name
    right = linmod.project(checkpoints, SQUARE.dataset, times=SQUARE.times)
    assert linmod.compare(own, right, rounding(SQUARE, np.float64)).passed


def test_the_closed_form_is_verified_with_a_tolerance_from_the_precision():
    problem = replace(SYSTEMATIC, initial=linmod.Aligned(1e-3), training=Descent(0.125, 400, record_every=10))
    for dtype, bound in ((np.float64, 1e-11), (np.float32, 1e-2)):
        checkpoints = trained(problem, dtype)[::10]
        projection = linmod.project(checkpoints, problem.dataset, times=problem.times)
        agreement = linmod.verify(projection.problem(problem.training), simulate=lambda _, run=projection: run)
        assert agreement.passed
        assert agreement.tolerance == pytest.approx((400 + 10) * 50 * EPS[dtype])
        assert agreement.tolerance < bound
        late = linmod.project(trained(problem, dtype, 0.1375)[::10], problem.dataset, times=problem.times)
        assert not linmod.verify(problem, simulate=lambda _, run=late: run).passed


def test_gradient_flow_integrated_elsewhere_needs_a_tolerance():
    problem = replace(SYSTEMATIC, initial=linmod.Aligned(1e-3), training=linmod.Flow(np.linspace(0, 40, 21)))
    weights = dynamics.solve(problem).weights
    projection = linmod.project(weights, problem.dataset, times=problem.times)
    stated = projection.problem(problem.training)
    with pytest.raises(ValueError, match="tolerance must be given: in how many steps"):
        linmod.verify(stated, simulate=lambda _: projection)
    tolerance = linmod.verify(problem).tolerance  # of our own integration, whose weights were given
    assert linmod.verify(stated, simulate=lambda _: projection, tolerance=tolerance).passed


def test_all_forms_of_weights_are_the_same():
    checkpoints = trained(THREE)
    expected = linmod.project(checkpoints, THREE.dataset, times=THREE.times)
    stacked = [np.array(layer) for layer in zip(*checkpoints, strict=True)]
    forms = {
        "mappings": [{f"{i}.weight": m for i, m in enumerate(weights)} for weights in checkpoints],
        "zero biases": [{"a": w[0], "bias": np.zeros(8), "b": w[1], "c": w[2]} for w in checkpoints],
        "stacks": stacked,
        "tuples": tuple(tuple(weights) for weights in checkpoints),
        "our weights": expected.weights,
        "generator": (weights for weights in checkpoints),
    }
    for name, form in forms.items():
        projection = linmod.project(form, THREE.dataset, times=THREE.times)
        assert projection.origin == "given network, product"
        for key, values in expected.quantities.items():
            np.testing.assert_array_equal(projection.quantities[key], values, err_msg=name)
    maps = np.array([product_map(checkpoint, THREE.dataset) for checkpoint in read_checkpoints(checkpoints)])
    shallow = linmod.project(maps, THREE.dataset, times=THREE.times)
    np.testing.assert_array_equal(shallow.strengths, expected.strengths)
    assert linmod.project(checkpoints[0], THREE.dataset).times.tolist() == [0.0]


def test_a_projection_is_a_trajectory(tmp_path):
    projection = linmod.project(trained(SYSTEMATIC), SYSTEMATIC.dataset, times=SYSTEMATIC.times)
    assert isinstance(projection, linmod.Trajectory)
    assert repr(projection).startswith("Projection(given network, product; 101 times from 0 to 12.5")
    own = dynamics.solve(SYSTEMATIC)
    bound = rounding(SYSTEMATIC, np.float64)
    np.testing.assert_allclose(projection.systematicity_ratio, own.systematicity_ratio, atol=10 * bound)
    np.testing.assert_allclose(projection.strengths, own.strengths, atol=bound)
    loaded = linmod.load_trajectory(projection.save(tmp_path / "mine"))
    np.testing.assert_array_equal(loaded.strengths, projection.strengths)
    # Both are sums of fewer than 100 terms, added in another order.
    np.testing.assert_allclose(projection.network_loss, projection.loss, rtol=100 * np.finfo(float).eps)
    assert np.all(projection.unexplained == 0)


def difference_error(matrices, dataset, third=0.0):
    """Of central differences: rounding of an output of sum(widths) terms over h, and h^2/6 of the third derivative."""
    scale = np.max(np.abs(dataset.X))
    step = EPS[np.float64] ** (1 / 3) * scale
    size = np.ones(dataset.n_inputs) * scale
    for matrix in matrices:
        size = np.abs(matrix) @ size
    widths = sum(matrix.shape[1] for matrix in matrices)
    return np.sqrt(2) * widths * EPS[np.float64] * np.max(size) / step + step**2 / 3 * third


@given(
    sizes=st.lists(st.integers(1, 6), min_size=2, max_size=4),
    items=st.integers(1, 12),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=60, deadline=None)
def test_all_maps_of_a_linear_network_are_its_product(sizes, items, seed):
    generator = np.random.default_rng(seed)
    matrices = [generator.standard_normal((after, before)) for before, after in pairwise(sizes)]
    dataset = Dataset(generator.standard_normal((sizes[0], items)), generator.standard_normal((sizes[-1], items)))
    W = np.linalg.multi_dot(matrices[::-1]) if len(matrices) > 1 else matrices[0]
    (function,) = read_checkpoints(lambda X: X @ W.T)
    bound = difference_error(matrices, dataset)
    np.testing.assert_allclose(jacobian_map(function, dataset), W, rtol=0, atol=bound)
    seen = W @ dataset.X @ np.linalg.pinv(dataset.X)
    condition = np.linalg.cond(dataset.X)
    error = 100 * EPS[np.float64] * condition**2 * np.linalg.norm(W)
    np.testing.assert_allclose(least_squares_map(function, dataset), seen, rtol=0, atol=error)
    if items > sizes[0] and condition < 100:
        np.testing.assert_allclose(least_squares_map(function, dataset), W, rtol=0, atol=error)


def test_least_squares_sees_the_span_of_the_inputs_alone():
    dataset, W = SYSTEMATIC.dataset, _random.standard_normal((9, 27))
    U, values, _ = np.linalg.svd(dataset.X, full_matrices=False)
    span = U[:, values > 1e-10]
    assert span.shape[1] == 8
    (function,) = read_checkpoints(lambda X: X @ W.T)
    found = least_squares_map(function, dataset)
    np.testing.assert_allclose(found, W @ span @ span.T, atol=1e-13)
    assert np.max(np.abs(found - W)) > 0.1
    modes = [linmod.project(f, dataset, map=m).modes for f, m in ((function.given, "least_squares"), ([W], "product"))]
    for name, values in modes[0].items():
        np.testing.assert_allclose(values, modes[1][name], atol=1e-13)


def nonlinear(slope):
    """A network, its exact average Jacobian, and a bound of its third derivatives, which for tanh are within 2."""
    W1, b1 = _random.standard_normal((7, 4)), _random.standard_normal(7)
    W2, b2 = _random.standard_normal((4, 7)), _random.standard_normal(4)
    X = SQUARE.dataset.X
    if slope == "tanh":
        gains, function = 1 - np.tanh(W1 @ X + b1[:, None]) ** 2, np.tanh
    else:
        gains, function = (W1 @ X + b1[:, None] > 0).astype(float), lambda z: np.maximum(z, 0)
    exact = W2 @ (gains.mean(axis=1)[:, None] * W1)
    third = np.max(2 * np.abs(W2) @ np.abs(W1) ** 3) if slope == "tanh" else 0.0
    return lambda rows: function(rows @ W1.T + b1) @ W2.T + b2, exact, [W1, W2], third


@pytest.mark.parametrize("slope", ["tanh", "relu"])
def test_jacobian_of_a_nonlinear_network(slope):
    function, exact, matrices, third = nonlinear(slope)
    bound = difference_error(matrices, SQUARE.dataset, third) + 10 * EPS[np.float64]
    assert bound < 1e-6
    (checkpoint,) = read_checkpoints(function)
    np.testing.assert_allclose(jacobian_map(checkpoint, SQUARE.dataset), exact, rtol=0, atol=bound)
    assert np.max(np.abs(exact - matrices[1] @ matrices[0])) > 0.1
    projection = linmod.project(function, SQUARE.dataset)
    assert projection.origin == "given network, jacobian"
    outputs = function(SQUARE.dataset.X.T).T
    missed = np.linalg.norm(outputs - exact @ SQUARE.dataset.X) / np.linalg.norm(outputs)
    np.testing.assert_allclose(projection.unexplained, missed, atol=1e-6)
    np.testing.assert_allclose(projection.network_loss, np.sum((SQUARE.dataset.Y - outputs) ** 2) / 40, rtol=1e-14)


def test_a_map_of_ones_own():
    function, exact, _, _ = nonlinear("tanh")
    for own in (lambda f, X: exact, lambda f, X: np.array([exact - 1, exact + 1] * 10)):
        projection = linmod.project([function] * 2, SQUARE.dataset, map=own)
        assert projection.origin == "given network, given map"
        expected = np.linalg.norm(exact)
        np.testing.assert_allclose(projection.norms["x", "y"], expected, rtol=1e-14)


def test_single_precision_functions_take_a_longer_step():
    W = _random.standard_normal((4, 4)).astype(np.float32)
    (function,) = read_checkpoints(lambda X: X.astype(np.float32) @ W.T)
    error = np.max(np.abs(jacobian_map(function, SQUARE.dataset) - W)) / np.max(np.abs(W))
    assert 1e-9 < error < EPS[np.float32] ** (2 / 3)


class OnlyDlpack:
    """An array that offers nothing but DLPack, and the entries of which need gradients."""

    def __init__(self, values, tracked=True):
        self.values, self.tracked, self.shape = np.asarray(values), tracked, np.shape(values)

    def detach(self):
        return OnlyDlpack(self.values, tracked=False)

    def __dlpack__(self, **options):
        if self.tracked:
            raise BufferError("tracked")
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.values.__dlpack_device__()


class OnlyArray:
    """An array that offers nothing but its conversion."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)


@pytest.mark.parametrize("kind", [OnlyDlpack, OnlyArray])
def test_arrays_by_protocol(kind):
    checkpoints = trained(SQUARE)[:3]
    strange = [[kind(matrix) for matrix in weights] for weights in checkpoints]
    expected = linmod.project(checkpoints, SQUARE.dataset)
    np.testing.assert_array_equal(linmod.project(strange, SQUARE.dataset).strengths, expected.strengths)


def test_numpy_weights_load_no_other_library():
    code = (
        "import json, sys, numpy, linmod; d = linmod.SystematicityDataset(2, 1, 1, 1);"
        "linmod.project([numpy.zeros((d.n_outputs, d.n_inputs))], d);"
        "linmod.project(lambda X: X[:, :d.n_outputs], d);"
        "print(json.dumps([n for n in sys.modules if n.split('.')[0] in ('torch', 'jax', 'sympy', 'matplotlib')]))"
    )
    assert json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout) == []
