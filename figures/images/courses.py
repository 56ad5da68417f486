"""Maps of networks on images over training: average Jacobians of non-linear networks, and maps of linear ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import dynamics
from ...datasets import CompositionalImages, Dataset, ImageSample
from ...dynamics.nonlinear import MLP, BatchDescent, ImageLayout, ImageNetwork, ImageSplits
from ...problem import BlockPair, Deep, Descent, Explicit, Problem
from ...projection import project
from ...validation import FloatArray
from .tasks import DENSE, HIDDEN, SPLIT, same_moments

if TYPE_CHECKING:
    from ...dynamics.nonlinear import Ensemble

BODIES = {DENSE: (2 * HIDDEN, "dense"), SPLIT: (HIDDEN, "output_split")}
PLACES = 3
PARTS = ("compositional", "non-compositional")
Layers = list[tuple[FloatArray, FloatArray]]
"""Both layers of each module; the first reads the pixels place by place."""


@dataclass(frozen=True, eq=False)
class Course:
    """Norms of the blocks of a map over time.

    Attributes
    ----------
    norms : mapping of (str, str) to ndarray, shape (T,)
        By place seen, and labels of a place or combinations written.
    square : float
        Largest mean square of the inputs of hidden units over time; zero where it is not needed.
    """

    norms: Mapping[BlockPair, FloatArray]
    square: float = 0.0

    def norm(self, part: str) -> FloatArray:
        """Return the norm of the map to all labels of places, or to the labels of combinations."""
        targets = [f"labels_{place + 1}" for place in range(PLACES)] if part == PARTS[0] else ["combinations"]
        return np.sqrt(sum(values**2 for (_, target), values in self.norms.items() if target in targets))

    @property
    def share(self) -> FloatArray:
        """Systematicity: the share of each place's pixels in the squared norm of the map to its labels."""
        own = sum(self.norms[f"place_{place + 1}", f"labels_{place + 1}"] ** 2 for place in range(PLACES))
        return np.asarray(own / self.norm(PARTS[0]) ** 2)

    def times(self, factor: float) -> Course:
        """Return the course of the map multiplied by a factor."""
        return Course({pair: factor * values for pair, values in self.norms.items()}, self.square)


def by_place(source: CompositionalImages, sample: ImageSample, items: int | None = None) -> Dataset:
    """Return a sample for linear networks, with one block for the labels of each place."""
    whole = source.as_dataset(sample)
    labels = source.images.classes
    blocks = {f"labels_{place + 1}": slice(place * labels, (place + 1) * labels) for place in range(PLACES)}
    blocks["combinations"] = slice(PLACES * labels, source.n_outputs)
    return Dataset(whole.X[:, :items], whole.Y[:, :items], input_blocks=whole.input_blocks, output_blocks=blocks)


def network_of(name: str, nonlinearity: str) -> ImageNetwork:
    """Return the dense network, or that of two modules."""
    hidden, split = BODIES[name]
    return ImageNetwork(MLP((hidden,), nonlinearity, bias=False), split)


def start_of(name: str, layout: ImageLayout, std: float, seed: int) -> Layers:
    """Return the initial weights of a network."""
    from ...dynamics.nonlinear.layers import initial_weights

    return layers_of(initial_weights(network_of(name, "tanh"), layout, std, seed), layout)


def layers_of(weights: Mapping[str, np.ndarray[Any, Any]], layout: ImageLayout) -> Layers:
    """Return the layers of each module, with the columns of the first in the order of the places."""
    first, second = (list(weights.values())[start::2] for start in (0, 1))
    return [(_by_place(each, layout), np.asarray(readout)) for each, readout in zip(first, second, strict=True)]


def _by_place(weights: np.ndarray[Any, Any], layout: ImageLayout) -> FloatArray:
    apart = weights.reshape(-1, layout.channels, layout.height, layout.places, layout.width // layout.places)
    return apart.transpose(0, 3, 2, 4, 1).reshape(len(weights), -1).astype(np.float64)


def predict(dataset: Dataset, start: Layers, training: Descent) -> Course:
    """Return the norms of a linear network, dense or of two modules, that learns from the same second moments."""
    few = same_moments(dataset) if dataset.n_items > len(dataset.X) else dataset
    norms: dict[BlockPair, FloatArray] = {}
    first = 0
    for layers in start:
        last = first + len(layers[1])
        blocks = {
            key: slice(block.start - first, block.stop - first)
            for key, block in few.output_blocks.items()
            if first <= block.start and block.stop <= last
        }
        own = Dataset(few.X, few.Y[first:last], input_blocks=few.input_blocks, output_blocks=blocks)
        norms |= dynamics.solve(Problem(own, Deep(len(layers[0])), Explicit(layers), training)).norms
        first = last
    return Course(norms)


def mean_square(layers: Layers, X: FloatArray) -> float:
    """Return the mean square of what the hidden units of all modules receive, over units and items."""
    return float(np.mean(np.vstack([first @ X for first, _ in layers]) ** 2))


def weights_of(ensemble: Ensemble) -> dict[str, np.ndarray[Any, np.dtype[np.float32]]]:
    """Return copies of all weights for a record."""
    return {name: value.detach().cpu().numpy().copy() for name, value in ensemble.weights.items()}


def train(
    network: ImageNetwork,
    splits: Sequence[ImageSplits],
    datasets: Sequence[Dataset],
    seeds: Sequence[int],
    training: BatchDescent,
) -> list[Course]:
    """Return the norms over training of the Jacobian averaged over test images, one course for each seed."""
    from ...dynamics.nonlinear import PlaceByPlace, train_networks, trained_module

    layout = splits[0].layout
    record = train_networks(network, splits, training, seeds, measure=weights_of)
    courses = []
    for index, dataset in enumerate(datasets):
        weights = [{key: values[t] for key, values in record.measured.items()} for t in range(len(record.steps))]
        checkpoints = [PlaceByPlace(trained_module(network, layout, each, index), layout) for each in weights]
        projection = project(checkpoints, dataset, map="jacobian")
        squares = [
            mean_square(layers_of({key: value[index] for key, value in each.items()}, layout), dataset.X)
            for each in weights
        ]
        courses.append(Course(projection.norms, max(squares)))
    return courses


def norm_error(predicted: Course, measured: Course) -> float:
    """Return the largest error of the norms of both parts, relative to the largest predicted norm of the part."""
    return max(
        float(np.max(np.abs(measured.norm(part) - predicted.norm(part))) / np.max(predicted.norm(part)))
        for part in PARTS
    )


def share_error(predicted: Course, measured: Course) -> float:
    """Return the largest error of systematicity."""
    return float(np.max(np.abs(measured.share - predicted.share)))


ERRORS: Mapping[str, Callable[[Course, Course], float]] = {"norms": norm_error, "systematicity": share_error}


@dataclass(frozen=True)
class Plan:
    """Full-batch descent of all networks on labels that are scaled by epsilon.

    A linear network learns the same at all epsilon if its initial weights are scaled by the root of epsilon, and its
    step size by 1 / epsilon.
    """

    step: float
    steps: int
    every: int
    std: float
    items: int

    @property
    def linear(self) -> Descent:
        """Training of linear networks on labels that are not scaled."""
        return Descent(self.step, self.steps, self.every)

    def at(self, epsilon: float) -> BatchDescent:
        """Training of networks on scaled labels: all items in every step, so that there is no noise."""
        return BatchDescent(
            self.step / epsilon,
            self.steps,
            batch=self.items,
            record_every=self.every,
            initial_std=self.std * math.sqrt(epsilon),
        )
