"""Networks in JAX: arrays and functions are read as they are, and linmod does not import it."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import linmod
from linmod import Deep, Descent, Problem, SmallRandom, SystematicityDataset, dynamics

jax = pytest.importorskip("jax")
jnp = jax.numpy
ROOT = Path(__file__).parents[2]
PROBLEM = Problem(SystematicityDataset(3, 1, 3, 1), Deep(50), SmallRandom(0.05), Descent(0.125, 100))


def trained(problem):
    X, Y = jnp.asarray(problem.dataset.X), jnp.asarray(problem.dataset.Y)

    def loss(weights):
        return jnp.sum((weights[1] @ (weights[0] @ X) - Y) ** 2) / (2 * X.shape[1])

    step = jax.jit(lambda weights: [w - 0.125 * g for w, g in zip(weights, jax.grad(loss)(weights), strict=True)])
    checkpoints = [[jnp.asarray(matrix) for matrix in problem.initial_weights]]
    for _ in range(problem.training.steps):
        checkpoints.append(step(checkpoints[-1]))
    return checkpoints


@pytest.mark.parametrize(("double", "tolerance"), [(True, 1e-10), (False, 1e-5)])
def test_training_in_jax_equals_our_simulation(double, tolerance):
    with jax.enable_x64(double):
        projection = linmod.project(trained(PROBLEM), PROBLEM.dataset, times=PROBLEM.times)
    bound = np.sqrt(100 * 50) * projection.precision
    assert bound <= tolerance
    own = dynamics.solve(projection.problem(PROBLEM.training))
    assert linmod.compare(own, projection, bound).passed
    other = dynamics.solve(replace(PROBLEM, training=Descent(0.124, 100)))
    assert linmod.compare(other.quantities, projection, bound).max_error > 10 * bound


def test_a_function_is_differentiated_by_jax_or_by_differences():
    W1, W2 = (jnp.asarray(matrix) for matrix in SmallRandom(0.3).weights(Deep(50), PROBLEM.dataset))

    def function(x):
        return jnp.tanh(x @ W1.T) @ W2.T

    exact = linmod.project(function, PROBLEM.dataset, map=lambda f, X: jax.vmap(jax.jacrev(f))(X))
    differences = linmod.project(function, PROBLEM.dataset)
    epsilon = float(np.finfo(np.float32).eps)
    assert differences.precision == epsilon
    largest, step = np.max(np.sum(np.abs(W2), axis=1)), epsilon ** (1 / 3)
    rounded = np.sqrt(2 * (27 + 50)) * epsilon * largest / step  # of 27 + 50 terms on either side
    curved = step**2 / 3 * np.max(2 * np.abs(W2) @ np.abs(W1) ** 3)  # the third derivative of tanh is within 2
    assert np.max(np.abs(differences.strengths - exact.strengths)) < rounded + curved < 1e-2
    assert np.max(np.abs(exact.strengths - linmod.project([W1, W2], PROBLEM.dataset).strengths)) > 0.1


def test_kernels_of_the_other_orientation_are_refused():
    kernels = [jnp.ones((27, 50)), jnp.ones((50, 9))]
    with pytest.raises(ValueError, match=r"\(units after, units before\) from 27 inputs to 9 outputs"):
        linmod.project(kernels, PROBLEM.dataset)


def test_bfloat16_is_refused():
    with pytest.raises(TypeError, match="must be float32 or float64, got bfloat16"):
        linmod.project([jnp.ones((9, 27), dtype=jnp.bfloat16)], PROBLEM.dataset)


def test_the_guide_prints_what_it_says(capsys):
    guide = (ROOT / "docs/your_network.md").read_text(encoding="utf-8")
    code = re.search(r"<!-- jax -->\n```python\n(.*?)```", guide, flags=re.DOTALL).group(1)
    printed = re.search(r"<!-- jax printed -->\n```text\n(.*?)```", guide, flags=re.DOTALL).group(1)
    exec(compile(code, "your_network.md", "exec"), {})
    assert capsys.readouterr().out == printed
