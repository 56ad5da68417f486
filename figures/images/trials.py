"""Modular networks on pairs of digits: their initial projections, training and errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from ...datasets import CompositionalImages, Images, ImageSample, digits
from ...dynamics.module_finding import find_modules, random_projections
from ...dynamics.module_finding.networks import ModularNetwork, train_network
from ...validation import FloatArray

PLACES, COMPONENTS, DIMS = 2, 40, 8
TRAIN, TEST = 400, 600
TESTED = 60
RIDGE = 0.1
FOUND, PUBLISHED, RANDOM, WHOLE, TRUE = "found jointly", "published rule", "random", "one module", "true places"


@dataclass(frozen=True)
class Descent:
    """Hidden units of a module for each place, steps and step size."""

    hidden: int
    steps: int
    rate: float


CHOICES = tuple(Descent(*values) for values in product((16, 32, 64), (250, 500, 1000), (0.005, 0.01, 0.02)))
CHOICE_SEEDS = range(100, 104)
CHOSEN: Mapping[str, Descent] = {
    FOUND: Descent(64, 1000, 0.005),
    PUBLISHED: Descent(16, 1000, 0.005),
    RANDOM: Descent(32, 500, 0.01),
    WHOLE: Descent(16, 1000, 0.005),
    TRUE: Descent(64, 1000, 0.005),
}
"""What :func:`choose` returns for each start; the true places use the training of those found jointly."""


@dataclass(frozen=True)
class Score:
    """Errors of a trained network per place, and the share of a module's weights on its main place."""

    seen: float
    unseen: float
    overlap: float


@dataclass(frozen=True, eq=False)
class View:
    """Leading principal components of the training images, scaled to unit variance on average.

    Attributes
    ----------
    mean : ndarray, shape (pixels,)
    components : ndarray, shape (components, pixels)
        Orthonormal; the pixels are in the order of the places.
    scale : float
    """

    mean: FloatArray
    components: FloatArray
    scale: float

    @classmethod
    def of(cls, pixels: FloatArray) -> View:
        """Return the view of samples in rows."""
        mean = pixels.mean(axis=0)
        _, values, components = np.linalg.svd(pixels - mean, full_matrices=False)
        scale = np.sqrt(np.sum(values[:COMPONENTS] ** 2) / (len(pixels) * COMPONENTS))
        return cls(mean, components[:COMPONENTS], float(scale))

    def __call__(self, pixels: FloatArray) -> FloatArray:
        """Return the components of samples, shape (samples, components)."""
        return np.asarray((pixels - self.mean) @ self.components.T / self.scale)

    def inputs(self, task: CompositionalImages, sample: ImageSample) -> FloatArray:
        """Return the components of the images of a sample."""
        return self(_pixels(task, sample))

    def true_projections(self) -> FloatArray:
        """Return the directions of largest variance of each place, shape (places, components, dims)."""
        by_place = np.stack(np.split(self.components, PLACES, axis=1))
        return np.asarray(np.linalg.svd(by_place)[0][:, :, :DIMS])

    def overlap(self, projections: FloatArray) -> float:
        """Return the share of weights on a module's main place; by chance it is 1 / number of places."""
        weights = np.einsum("jmb,mp->jpb", projections, self.components)
        by_place = np.stack([np.sum(part**2, axis=(1, 2)) for part in np.split(weights, PLACES, axis=1)])
        return float(np.mean(by_place.max(axis=0) / by_place.sum(axis=0)))


@dataclass(frozen=True, eq=False)
class Trial:
    """A task with its training samples, and projections to start from."""

    task: CompositionalImages
    view: View
    X: FloatArray
    Y: FloatArray
    starts: Mapping[str, FloatArray]

    @classmethod
    def of(cls, task: CompositionalImages) -> Trial:
        """Draw the samples, and find projections."""
        train = task.train(TRAIN)
        view = View.of(_pixels(task, train))
        X, Y = view.inputs(task, train), train.targets.astype(np.float64)
        return cls(task, view, X, Y, dict(_starts(task.seed, view, X, Y)))

    def network(self, name: str, descent: Descent) -> ModularNetwork:
        """Train a network from one of the starts."""
        start = self.starts[name]
        modules, _, dims = start.shape
        hidden = descent.hidden * PLACES // modules
        return train_network(
            self.X, self.Y, modules, dims=dims, start=start, hidden=hidden, steps=descent.steps, rate=descent.rate,
            seed=self.task.seed,
        )  # fmt: skip

    def error(self, network: ModularNetwork, sample: ImageSample) -> float:
        """Return the share of places whose class is not that of the largest output."""
        outputs = network.predict(self.view.inputs(self.task, sample))
        named = outputs.reshape(*sample.classes.shape, -1).argmax(axis=-1)
        return float(np.mean(named != sample.classes))


def scores(task: CompositionalImages) -> dict[str, Score]:
    """Train a network from every start, and measure its errors on new images."""
    trial = Trial.of(task)
    seen, unseen = task.test_seen(TEST), task.test_unseen(TEST)
    found = {}
    for name, descent in CHOSEN.items():
        network = trial.network(name, descent)
        errors = trial.error(network, seen), trial.error(network, unseen)
        found[name] = Score(*errors, trial.view.overlap(network.projections))
    return found


def choose(name: str, candidates: Iterable[Descent] = CHOICES, seeds: Iterable[int] = CHOICE_SEEDS) -> Descent:
    """Choose the training from a start by the error on validation images, with seeds that no claim uses.

    The combinations of validation images are those of the training images; unseen ones are not used.
    """
    trials = [Trial.of(task_of(digits(), TESTED, seed)) for seed in seeds]

    def validation_error(descent: Descent) -> float:
        samples = [trial.task.validation(TEST) for trial in trials]
        errors = [
            trial.error(trial.network(name, descent), sample) for trial, sample in zip(trials, samples, strict=True)
        ]
        return float(np.mean(errors))

    return min(candidates, key=validation_error)


def _starts(seed: int, view: View, X: FloatArray, Y: FloatArray) -> Iterator[tuple[str, FloatArray]]:
    scale = float(np.sqrt(DIMS))
    for name, rule, starts in ((FOUND, "joint", 1), (PUBLISHED, "single", PLACES)):
        found = find_modules(
            X, Y, PLACES, dims=DIMS, rule=rule, starts=starts, length_scale=scale, ridge=0.1, seed=seed
        )
        yield name, found.projections
    yield RANDOM, random_projections(np.random.default_rng([seed, 9]), PLACES, COMPONENTS, DIMS)
    yield WHOLE, np.eye(COMPONENTS)[None]
    yield TRUE, view.true_projections()


def _pixels(task: CompositionalImages, sample: ImageSample) -> FloatArray:
    return task.as_dataset(sample).X.T


def task_of(images: Images, covered: int, seed: int, *, shuffled: bool = False) -> CompositionalImages:
    """Return pairs of images with a number of combinations seen, and labels of both places."""
    return CompositionalImages(
        images=images, places=PLACES, label_scale=0.0, seen=covered, seed=seed, shuffled_labels=shuffled
    )
