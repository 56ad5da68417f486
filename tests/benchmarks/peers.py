"""Plain training loops in NumPy and JAX, from ready weights, that record four block norms and the loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from linmod import Deep, Modular, Problem
from linmod.validation import FloatArray

Records = FloatArray
"""Block norms and loss in the last axis, one row for each recorded step."""


def gaps(problem: Problem) -> list[int]:
    """Numbers of steps from one record to the next."""
    return [after - before for before, after in pairwise(problem.training.recorded_steps)]


def blocks(problem: Problem) -> list[tuple[slice, slice]]:
    """Rows and columns of the block norms, in the order of a trajectory."""
    data = problem.dataset
    return [(rows, columns) for rows in data.output_blocks.values() for columns in data.input_blocks.values()]


def chains(problem: Problem) -> list[tuple[slice, FloatArray, FloatArray, int]]:
    """Layers, rows, columns and depth of each chain of the network."""
    network, data = problem.network, problem.dataset
    if not isinstance(network, Modular):
        return [(slice(0, network.layers), np.arange(data.n_outputs), np.arange(data.n_inputs), network.layers)]
    parts, first = [], 0
    for module in network.modules:
        layers = slice(first, first + module.network.layers)
        parts.append((layers, module.rows(data), module.columns(data), module.network.layers))
        first = layers.stop
    return parts


def numpy_items(problem: Problem) -> Callable[[], Records]:
    """Two layers on the items, with buffers for everything."""
    data, step = problem.dataset, problem.training.step_size
    X, Y, start = data.X, data.Y, problem.initial_weights
    hidden, outputs = np.empty((len(start[0]), data.n_items)), np.empty_like(Y)
    back, into_first, into_second = np.empty_like(hidden), np.empty_like(start[0]), np.empty_like(start[1])
    see, spans = seen(problem), gaps(problem)
    XT = X.T

    def train() -> Records:
        first, second = start[0].copy(), start[1].copy()
        records = [see(second @ first)]
        for span in spans:
            for _ in range(span):
                np.dot(first, X, hidden)
                np.dot(second, hidden, outputs)
                np.subtract(Y, outputs, outputs)
                np.multiply(outputs, step / X.shape[1], outputs)
                np.dot(second.T, outputs, back)
                np.dot(outputs, hidden.T, into_second)
                np.dot(back, XT, into_first)
                np.add(first, into_first, first)
                np.add(second, into_second, second)
            records.append(see(second @ first))
        return np.array(records)

    return train


def numpy_correlations(problem: Problem) -> Callable[[], Records]:
    """Two layers on the correlations of the data, with buffers for everything."""
    data, step = problem.dataset, problem.training.step_size
    start = problem.initial_weights
    sigma_x, sigma_yx = data.sigma_x, data.sigma_yx
    product, error = np.empty_like(sigma_yx), np.empty_like(sigma_yx)
    into_first, into_second = np.empty_like(start[0]), np.empty_like(start[1])
    see, spans = seen_by_correlations(problem), gaps(problem)

    def train() -> Records:
        first, second = start[0].copy(), start[1].copy()
        records = [see(second @ first)]
        for span in spans:
            for _ in range(span):
                np.dot(second, first, product)
                np.dot(product, sigma_x, error)
                np.subtract(sigma_yx, error, error)
                np.multiply(error, step, error)
                np.dot(second.T, error, into_first)
                np.dot(error, first.T, into_second)
                np.add(first, into_first, first)
                np.add(second, into_second, second)
            records.append(see(second @ first))
        return np.array(records)

    return train


def seen(problem: Problem) -> Callable[[FloatArray], Sequence[float]]:
    """Block norms and loss of a map, with the items."""
    parts, data = blocks(problem), problem.dataset
    X, Y = data.X, data.Y

    def see(W: FloatArray) -> Sequence[float]:
        error = (Y - W @ X).ravel()
        return [*(np.linalg.norm(W[part]) for part in parts), error @ error / (2 * X.shape[1])]

    return see


def seen_by_correlations(problem: Problem) -> Callable[[FloatArray], Sequence[float]]:
    """Block norms and loss of a map, with the correlations."""
    parts, data = blocks(problem), problem.dataset
    sigma_x, sigma_yx, total = data.sigma_x, data.sigma_yx, float(np.sum(data.Y**2)) / data.n_items

    def see(W: FloatArray) -> Sequence[float]:
        loss = total / 2 + np.vdot(W, W @ sigma_x / 2 - sigma_yx)
        return [*(np.linalg.norm(W[part]) for part in parts), loss]

    return see


def jax_outputs(problem: Problem) -> Callable[[Any, Any], Any]:
    """Return the outputs of the weights of any network on features, as JAX traces it."""
    import jax.numpy as jnp

    data, parts = problem.dataset, chains(problem)
    whole = len(parts) == 1

    def outputs(weights: Any, features: Any) -> Any:
        total = None if whole else jnp.zeros((data.n_outputs, features.shape[1]))
        for layers, rows, columns, _ in parts:
            activity = features if whole else features[columns]
            for matrix in weights[layers]:
                activity = matrix @ activity
            total = activity if whole else total.at[rows].add(activity)
        return total

    return outputs


def jax_step(problem: Problem, loss: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    """Return a step of descent under any rule, as JAX traces it."""
    import jax
    import jax.numpy as jnp

    data, training, rule = problem.dataset, problem.training, problem.training.rule
    X, Y = jnp.asarray(data.X), jnp.asarray(data.Y)

    def step(weights: Any, _: Any) -> Any:
        changes = list(jax.grad(loss)(weights))
        if not rule.is_gradient:
            hidden = weights[0] @ X
            predicted = weights[1] @ hidden
            oja = hidden @ X.T - hidden @ (hidden.T @ weights[0])
            contrast = Y @ (Y.T @ weights[1]) - predicted @ (predicted.T @ weights[1])
            changes[0] -= rule.hebbian / data.n_items * oja
            changes[1] -= rule.contrastive / data.n_items * contrast
        return tuple(w - training.step_size * g for w, g in zip(weights, changes, strict=True)), None

    return step


def jax_loop(problem: Problem, batch: Sequence[Problem] = ()) -> Callable[[], Any]:
    """Any network on the items: compiled reverse-mode gradients in a scan, vectorised over a batch; compiled here."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    data, spans, shown = problem.dataset, gaps(problem), blocks(problem)
    X, Y, identity = jnp.asarray(data.X), jnp.asarray(data.Y), jnp.eye(data.n_inputs)
    outputs = jax_outputs(problem)

    def loss(weights: Any) -> Any:
        return jnp.sum((Y - outputs(weights, X)) ** 2) / (2 * data.n_items)

    step = jax_step(problem, loss)

    def record(weights: Any, _: Any) -> Any:
        weights = jax.lax.scan(step, weights, None, spans[0])[0] if spans[0] > 1 else step(weights, None)[0]
        W = outputs(weights, identity)
        return weights, jnp.stack([*(jnp.linalg.norm(W[part]) for part in shown), loss(weights)])

    def train(weights: Any) -> Any:
        return jax.lax.scan(record, weights, None, len(spans))

    if len(set(spans)) != 1:
        raise ValueError("the steps must be a multiple of record_every")
    each = [one.initial_weights for one in batch]
    start = tuple(map(np.array, zip(*each, strict=True))) if batch else problem.initial_weights
    start = tuple(jnp.asarray(matrix) for matrix in start)
    compiled = jax.jit(jax.vmap(train) if batch else train)
    jax.block_until_ready(compiled(start))
    return lambda: jax.block_until_ready(compiled(start))


def is_plain(problem: Problem) -> bool:
    """Whether a problem is a chain of two layers trained by the gradient alone."""
    return isinstance(problem.network, Deep) and problem.network.layers == 2 and problem.training.rule.is_gradient
