r"""What the terms of a learning rule add to the gradient of a two-layer network: to a mode, and to all weights.

With the hidden vectors a and b of a mode, :math:`\dot a` gains :math:`\nabla\delta\,h(|a|^2)\,a` and :math:`\dot b`
gains :math:`\gamma\,(\sigma - \delta\,(a \cdot b)^2)\, b`, with :math:`h(s) = 1 - s` (Oja), :math:`1/(1 + s)` (inverse
norm) or :math:`1/(1 - s)` (inverse complement, for s < 1).
Source: "On The Specialization of Neural Modules" (Jarvis, Klein, Rosman & Saxe; ICLR 2023), learning rules.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from ..problem import Rule
from ..validation import FloatArray

HIDDEN_GAIN: dict[str, Callable[[FloatArray], FloatArray]] = {
    "oja": lambda s: 1 - s,
    "inverse_norm": lambda s: 1 / (1 + s),
    "inverse_complement": lambda s: 1 / np.where(s < 1, 1 - s, np.nan),
}


def on_gains(
    rule: Rule, delta: FloatArray, sigma: FloatArray, hidden_gain: FloatArray, strength: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the factors of a and b in what a rule adds to their changes, at a hidden gain h and a strength."""
    pull = rule.hebbian * delta * hidden_gain
    push = rule.contrastive * (sigma - delta * strength**2)
    return pull, push


def on_small_gains(rule: Rule, delta: ArrayLike, sigma: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return these factors where a and b are small."""
    own = rule.hebbian * np.asarray(delta, dtype=np.float64)
    other = rule.contrastive * np.asarray(sigma, dtype=np.float64)
    return own, other


def idle_turnover(rule: Rule, delta: FloatArray, size: FloatArray, step_size: float) -> FloatArray:
    """Return the share by which one step shrinks weights from inputs without data, at a squared length of a."""
    return step_size * rule.hebbian * delta * (rule.form == "oja") * size


def on_layers(
    rule: Rule,
    layers: tuple[FloatArray, FloatArray, FloatArray],
    product: FloatArray,
    variances: FloatArray,
    sigma_y: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return what a rule adds to the changes of both layers.

    The first layer is in two parts: along the directions in which the inputs vary, and along the rest.
    """
    first, rest, second = layers
    into_first, into_rest, into_second = np.zeros_like(first), np.zeros_like(rest), np.zeros_like(second)
    if rule.hebbian and rule.form == "oja":
        gram = (first * variances) @ first.T
        into_first = rule.hebbian * (first * variances - gram @ first)
        into_rest = -rule.hebbian * (gram @ rest)
    elif rule.hebbian:
        sizes = np.sum(first**2, axis=1, keepdims=True) + np.sum(rest**2, axis=1, keepdims=True)
        into_first = rule.hebbian * first * variances * HIDDEN_GAIN[rule.form](sizes)
    if rule.contrastive:
        free = (product * variances) @ (product.T @ second)
        into_second = rule.contrastive * (sigma_y @ second - free)
    return into_first, into_rest, into_second
