"""What the second moments of a dataset say before training: step, initial scale, half-times of linear networks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from ... import dynamics
from ...datasets import Dataset
from ...dynamics.nonlinear import ImageSplits
from ...problem import Deep, Descent, Problem, SmallRandom
from ...validation import FloatArray
from ...verification.claims import Finding

BLOCKS = ("compositional", "non_compositional")
SMALL = 1e-2
"""Mean square of hidden activations at the start, as a share of that after training."""
STEP, STABLE = 0.1, 0.5
"""Largest step, in time constants of the fastest mode and in units of the inverse of the largest curvature."""
LIMIT = 8
"""Horizon up to which training is extended, in predicted times."""
NEGLECTED = 1e-2
"""Share of the squared covariances of pixels and labels that may lie outside the principal components."""

UNLEARNABLE = (
    "the labels do not covary with the pixels, so that there is nothing to learn; images whose means differ between "
    "classes would decide it"
)


def undecided(label: str, tolerance: float, reason: str) -> Finding:
    """Return a finding of nothing, with the reason."""
    return Finding(label, 0.0, tolerance, False, controls=0, rejected=0, reason=reason, undecided=True)


def block_dataset(splits: ImageSplits, block: str) -> Dataset:
    """Return the training set of one block of outputs for linear networks."""
    pixels = splits.train.images.reshape(len(splits.train.images), -1)
    return Dataset(pixels.T, splits.train.targets[:, splits.layout.blocks[block]].T)


def scaled(splits: ImageSplits, factor: float) -> ImageSplits:
    """Multiply all labels by a factor."""
    samples = {name: replace(sample, targets=factor * sample.targets) for name, sample in splits.samples.items()}
    return ImageSplits(splits.layout, **samples)


def learnable(datasets: Iterable[Dataset]) -> bool:
    """Return whether the labels of all datasets covary with the pixels, beyond rounding of single precision."""
    precision = float(np.finfo(np.float32).eps)
    return all(
        np.linalg.norm(each.sigma_yx) ** 2 > precision * mean_square(each) * float(np.sum(each.Y**2)) / each.n_items
        for each in datasets
    )


def mean_square(dataset: Dataset) -> float:
    """Return the mean square of an input, summed over its features: the trace of the second moments."""
    return float(np.sum(dataset.X**2)) / dataset.n_items


def largest_variance(dataset: Dataset) -> float:
    """Return the largest eigenvalue of the second moments of the inputs, from the smaller of both Gram matrices."""
    X = dataset.X if dataset.X.shape[0] <= dataset.n_items else dataset.X.T
    return float(np.linalg.eigvalsh(X @ X.T)[-1]) / dataset.n_items


def final_square(dataset: Dataset, hidden: int) -> float:
    r"""Return the mean square of hidden activations when all modes are learned from a small start.

    From a small start both layers have the same share of a mode, so that its activations have the summed square of
    its singular value s, exactly where its inputs are uncorrelated with all others.
    """
    return float(np.linalg.norm(dataset.sigma_yx, "nuc")) / hidden


def small_start(datasets: Iterable[Dataset], hidden: int) -> float:
    """Return the standard deviation of initial weights that is small for all datasets."""
    return min(math.sqrt(SMALL * final_square(each, hidden) / mean_square(each)) for each in datasets)


def step_size(datasets: Iterable[Dataset], batch: int) -> float:
    r"""Return a step that resolves the fastest mode and is stable for batches of this size.

    The datasets have the same inputs.

    A mode with singular value s, along whose input direction the pixels have the variance :math:`\lambda`, has weights
    of the squared norm :math:`s / \lambda`; times the largest variance of the inputs, to which a batch adds the mean
    square of an image / the items of the batch, it is the curvature.
    """
    steps = []
    datasets = list(datasets)
    noisy = largest_variance(datasets[0]) + mean_square(datasets[0]) / batch
    for each in datasets:
        _, singular, directions = np.linalg.svd(each.sigma_yx, full_matrices=False)
        matter = singular >= singular[0] / 2
        along = np.mean((directions[matter] @ each.X) ** 2, axis=1)
        curvature = noisy * float(np.max(singular[matter] / along))
        steps.append(min(STEP / float(singular[0]), STABLE / curvature))
    return min(steps)


def principal(dataset: Dataset) -> Dataset:
    """Return the leading principal components, as few items as components, with their second moments.

    Gaussian initial weights have the same distribution in all orthonormal coordinates, so that linear networks learn
    the same from them, but for the share of the covariances that is neglected.
    """
    _, scale, V = np.linalg.svd(dataset.X, full_matrices=False)
    labels = dataset.Y @ V.T
    weight = np.sum((scale * labels) ** 2, axis=0)
    missed = 1 - np.cumsum(weight) / weight.sum()
    kept = int(np.argmax(missed <= NEGLECTED)) + 1
    items = math.sqrt(kept / dataset.n_items)
    return Dataset(items * np.diag(scale[:kept]), items * labels[:, :kept])


def learned(dataset: Dataset, maps: Iterable[FloatArray]) -> FloatArray:
    """Return how much of the covariances of labels and inputs the outputs of linear maps have, from 0 to 1."""
    toward = dataset.sigma_yx @ dataset.sigma_x
    return np.array([np.sum(toward * W) for W in maps]) / float(np.sum(dataset.sigma_yx**2))


def crossing(times: FloatArray, values: FloatArray, level: float = 0.5) -> float:
    """Return the first time at which values reach a level, by linear interpolation; infinite if they never do."""
    above = np.flatnonzero(values >= level)
    if not len(above):
        return math.inf
    after = int(above[0])
    if after == 0:
        return float(times[0])
    share = (level - values[after - 1]) / (values[after] - values[after - 1])
    return float(times[after - 1] + share * (times[after] - times[after - 1]))


def half_time(dataset: Dataset, hidden: int, std: float, step: float, seed: int) -> float:
    """Return the time at which a linear network has learned half of the covariances; infinite beyond the limit."""
    few = principal(dataset)
    singular = np.linalg.svd(few.sigma_yx, compute_uv=False)
    median = float(singular[int(np.argmax(np.cumsum(singular**2) >= np.sum(singular**2) / 2))])
    first = 4 / median
    for horizon in extended(first):
        steps = math.ceil(horizon / step)
        training = Descent(step, steps, max(1, steps // 200))
        run = dynamics.solve(Problem(few, Deep(hidden), SmallRandom(std, seed), training))
        first_layer, second_layer = run.weights
        time = crossing(run.times, learned(few, second_layer @ first_layer))
        if math.isfinite(time):
            return time
    return math.inf


def extended(first: float) -> Sequence[float]:
    """Return a horizon and its doubles, up to the limit."""
    return [first * 2**n for n in range(1 + int(math.log2(LIMIT)))]
