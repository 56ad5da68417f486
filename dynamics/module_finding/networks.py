"""The usual alternative: a small modular network trained end to end by gradient descent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...validation import FloatArray, array, integer

HIDDEN = 24
STEPS = 1500
RATE = 0.02
FIRST, SECOND, SMALL = 0.9, 0.999, 1e-8


@dataclass(frozen=True, eq=False)
class ModularNetwork:
    r"""A sum of one-hidden-layer networks, each of which sees a projection of the input.

    .. math:: f(x) = c + \sum_j \sum_h a_{jh} \tanh(w_{jh}^\top V_j^\top x + b_{jh})

    Attributes
    ----------
    directions : ndarray, shape (modules, inputs, dims)
        V.
    gains : ndarray, shape (modules, dims, hidden)
        w.
    offsets : ndarray, shape (modules, hidden)
        b.
    readout : ndarray, shape (modules, hidden, outputs)
        a.
    constant : ndarray, shape (outputs,)
        c.
    training_loss : float
        Mean squared error on the training samples.
    """

    directions: FloatArray
    gains: FloatArray
    offsets: FloatArray
    readout: FloatArray
    constant: FloatArray
    training_loss: float

    @property
    def projections(self) -> FloatArray:
        """Orthonormal bases of what the modules see, shape (modules, inputs, dims)."""
        return np.asarray(np.linalg.qr(self.directions)[0])

    def predict(self, X: FloatArray) -> FloatArray:
        """Return the predicted targets, shape (samples, outputs)."""
        hidden = np.tanh(X @ self.directions @ self.gains + self.offsets[:, None])
        return np.asarray(self.constant + np.sum(hidden @ self.readout, axis=0))


def train_network(
    X: FloatArray,
    Y: FloatArray,
    modules: int,
    *,
    dims: int = 1,
    seed: int = 0,
    start: FloatArray | None = None,
    hidden: int = HIDDEN,
    steps: int = STEPS,
    rate: float = RATE,
) -> ModularNetwork:
    r"""Train a modular network on the mean squared error of all samples by Adam (Kingma & Ba 2015).

    Parameters
    ----------
    X : ndarray, shape (samples, inputs)
    Y : ndarray, shape (samples, outputs)
    modules : int
    dims : int
        Dimension of what a module sees.
    seed : int
        Of the initial weights.
    start : ndarray, shape (modules, inputs, dims), optional
        Initial directions, such as those that a rule found; random unless given.
    hidden : int
        Units of each module.
    steps : int
    rate : float
        Step size, decayed to 0 along a cosine.

    Returns
    -------
    ModularNetwork

    Raises
    ------
    ValueError
        If the start has another shape, or training diverges.

    Examples
    --------
    >>> X = np.random.default_rng(0).standard_normal((200, 2))
    >>> network = train_network(X, np.sin(X[:, :1]), modules=1)
    >>> network.training_loss < 1e-3
    True
    """
    rng = np.random.default_rng([integer("seed", seed), 1])
    units = (integer("modules", modules, 1), integer("hidden", hidden, 1))
    shape = (modules, X.shape[1], integer("dims", dims, 1))
    directions = rng.standard_normal(shape) / np.sqrt(X.shape[1])
    if start is not None:
        directions = np.array(array("start", start, 3))
        if directions.shape != shape:
            raise ValueError(f"start must have shape {shape}, got {directions.shape}")
    parameters = [
        directions,
        2 * rng.standard_normal((modules, dims, hidden)) / np.sqrt(dims),
        2 * rng.standard_normal(units),
        rng.standard_normal((*units, Y.shape[1])) / np.sqrt(modules * hidden),
        Y.mean(axis=0),
    ]
    means, squares = ([np.zeros_like(p) for p in parameters] for _ in range(2))
    for step in range(1, integer("steps", steps, 1) + 1):
        _, gradients = _loss(parameters, X, Y)
        size = rate * (1 + np.cos(np.pi * (step - 1) / steps)) / 2
        for p, g, mean, square in zip(parameters, gradients, means, squares, strict=True):
            mean += (1 - FIRST) * (g - mean)
            square += (1 - SECOND) * (g * g - square)
            corrected = np.sqrt(square / (1 - SECOND**step)) + SMALL
            p -= size / (1 - FIRST**step) * mean / corrected
    loss, _ = _loss(parameters, X, Y)
    if not np.isfinite(loss):
        raise ValueError(f"training diverged with rate={rate}; a smaller rate is needed")
    directions, gains, offsets, readout, constant = parameters
    return ModularNetwork(directions, gains, offsets, readout, constant, loss)


def best_network(X: FloatArray, Y: FloatArray, modules: int, *, seeds: range) -> ModularNetwork:
    """Train from several seeds and return the network with the least training loss."""
    return min((train_network(X, Y, modules, seed=seed) for seed in seeds), key=lambda network: network.training_loss)


def _loss(parameters: list[FloatArray], X: FloatArray, Y: FloatArray) -> tuple[float, list[FloatArray]]:
    """Return the mean squared error over samples and outputs, and its gradient by each parameter."""
    directions, gains, offsets, readout, constant = parameters
    seen = X @ directions
    hidden = np.tanh(seen @ gains + offsets[:, None])
    error = constant + np.sum(hidden @ readout, axis=0) - Y
    pull = 2 / error.size * error
    back = (pull @ readout.swapaxes(1, 2)) * (1 - hidden**2)
    gradients = [
        X.T @ (back @ gains.swapaxes(1, 2)),
        seen.swapaxes(1, 2) @ back,
        back.sum(axis=1),
        hidden.swapaxes(1, 2) @ pull,
        pull.sum(axis=0),
    ]
    return float(np.mean(error**2)), gradients
