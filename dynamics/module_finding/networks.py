"""The usual alternative: a small modular network trained end to end by gradient descent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...validation import FloatArray, integer

HIDDEN = 24
STEPS = 1500
RATE = 0.02
FIRST, SECOND, SMALL = 0.9, 0.999, 1e-8


@dataclass(frozen=True, eq=False)
class ModularNetwork:
    r"""A sum of one-hidden-layer networks, each of which sees one direction of the input.

    .. math:: f(x) = c + \sum_j \sum_h a_{jh} \tanh(w_{jh}\, v_j^\top x + b_{jh})

    Attributes
    ----------
    directions : ndarray, shape (inputs, modules)
        v.
    gains, offsets : ndarray, shape (modules, hidden)
        w, b.
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
        """Unit directions, shape (modules, inputs, 1)."""
        return np.asarray((self.directions / np.linalg.norm(self.directions, axis=0)).T[:, :, None])

    def predict(self, X: FloatArray) -> FloatArray:
        """Predicted targets, shape (samples, outputs)."""
        hidden = np.tanh((X @ self.directions)[:, :, None] * self.gains + self.offsets)
        return np.asarray(self.constant + np.einsum("njh,jho->no", hidden, self.readout, optimize=True))


def train_network(
    X: FloatArray,
    Y: FloatArray,
    modules: int,
    *,
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
    seed : int
        Of the initial weights.
    start : ndarray, shape (modules, inputs, 1), optional
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
        If training diverges.

    Examples
    --------
    >>> X = np.random.default_rng(0).standard_normal((200, 2))
    >>> network = train_network(X, np.sin(X[:, :1]), modules=1)
    >>> network.training_loss < 1e-3
    True
    """
    rng = np.random.default_rng([integer("seed", seed), 1])
    units = (integer("modules", modules, 1), integer("hidden", hidden, 1))
    directions = rng.standard_normal((X.shape[1], modules)) / np.sqrt(X.shape[1])
    if start is not None:
        directions = start[:, :, 0].T.copy()
    parameters = [
        directions,
        2 * rng.standard_normal(units),
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
    """Mean squared error over samples and outputs, and its gradient by each parameter."""
    directions, gains, offsets, readout, constant = parameters
    seen = X @ directions
    hidden = np.tanh(seen[:, :, None] * gains + offsets)
    flat = hidden.reshape(len(X), -1)
    error = constant + flat @ readout.reshape(flat.shape[1], -1) - Y
    pull = 2 / error.size * error
    back = (pull @ readout.reshape(flat.shape[1], -1).T).reshape(hidden.shape) * (1 - hidden**2)
    by_seen = np.einsum("njh,jh->nj", back, gains)
    gradients = [
        X.T @ by_seen,
        np.einsum("njh,nj->jh", back, seen),
        back.sum(axis=0),
        (flat.T @ pull).reshape(readout.shape),
        pull.sum(axis=0),
    ]
    return float(np.mean(error**2)), gradients
