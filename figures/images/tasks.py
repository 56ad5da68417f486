"""The task, the networks and the choice of settings that the claims on images share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from ...datasets import CompositionalImages, Dataset, Images, digits
from ...dynamics.nonlinear import CNN, MLP, BatchDescent, ImageNetwork, ImageSplits, LearningRecord
from ...dynamics.nonlinear.architectures import Body
from ...extras import require
from ...problem import Divergence
from ...validation import FloatArray
from ...verification.claims import Settings

CLASSES, SEEN = 5, 5**3 // 2
TRAIN, EVALUATION = 1000, 500
HIDDEN = 64
DENSE, SPLIT = "dense", "output split"
STEP_SIZES = tuple(0.032 / 2**n for n in range(8))
CHOICE_SEEDS = range(1000, 1005)


@dataclass(frozen=True)
class Family:
    """A dense and a split network of one kind, and how they are trained.

    Parameters
    ----------
    name : str
    body : MLP or CNN
        Of each of two modules; as published, the dense network has twice the units or channels.
    training : BatchDescent
        All but the step size, and the most steps.
    choice : mapping of float to mapping of str to (float, int)
        Step size and steps by label scale and network, as returned by :func:`choose`. The compositional module of a
        split network does not depend on the label scale, so that its choice is the same for all.
    """

    name: str
    body: Body
    training: BatchDescent
    choice: Mapping[float, Mapping[str, tuple[float, int]]]

    def network(self, name: str) -> ImageNetwork:
        """Return the dense or the split network."""
        return ImageNetwork(self.body.widened(2)) if name == DENSE else ImageNetwork(self.body, "output_split")

    def chosen(self, name: str, label_scale: float, *, quick: bool = False) -> BatchDescent:
        """Return the training chosen for a network at this label scale; a quarter of the steps if quick."""
        step_size, steps = self.choice[label_scale][name]
        return replace(self.training, step_size=step_size, steps=steps // 4 if quick else steps)


MLPS = Family(
    "MLP",
    MLP((HIDDEN,)),
    BatchDescent(steps=4000, record_every=400, momentum=0.9),
    {
        0.1: {DENSE: (0.016, 3200), SPLIT: (0.016, 3200)},
        0.3: {DENSE: (0.016, 3200), SPLIT: (0.016, 3200)},
        1.0: {DENSE: (0.016, 3200), SPLIT: (0.016, 3200)},
        3.0: {DENSE: (0.004, 3600), SPLIT: (0.016, 3200)},
        10.0: {DENSE: (0.002, 3200), SPLIT: (0.016, 3200)},
    },
)
CNNS = Family(
    "CNN",
    CNN(channels=(4, 4, 4), kernels=CNN.for_digits().kernels),
    BatchDescent(steps=3000, record_every=300, momentum=0.9, initial_std=0.1),
    {10.0: {DENSE: (0.002, 3000), SPLIT: (0.008, 3000)}},
)


def images_of(settings: Settings) -> Images:
    """Return the images of a check whose networks need torch; torch is required first."""
    require("torch", extra="torch")
    return settings.source_images


@cache
def first_classes(images: Images) -> Images:
    """Return the images of the first classes."""
    kept = images.labels < CLASSES
    return Images(images.pixels[kept], images.labels[kept], images.name)


def task(
    seed: int, label_scale: float, *, images: Images | None = None, seen: int | None = None, shuffled: bool = False
) -> CompositionalImages:
    """Return a task of three adjacent images, digits unless given; combinations and samples depend on the seed.

    Half of the combinations are seen unless their number is given.
    """
    source = first_classes(images or digits())
    seen = source.classes**3 // 2 if seen is None else seen
    return CompositionalImages(images=source, seen=seen, label_scale=label_scale, shuffled_labels=shuffled, seed=seed)


def draw(
    seed: int,
    label_scale: float,
    *,
    images: Images | None = None,
    seen: int | None = None,
    shuffled: bool = False,
    train: int = TRAIN,
    evaluation: int = EVALUATION,
) -> ImageSplits:
    """Draw the samples of a task."""
    source = task(seed, label_scale, images=images, seen=seen, shuffled=shuffled)
    return ImageSplits.draw(source, train=train, evaluation=evaluation)


def centred(splits: ImageSplits) -> ImageSplits:
    """Subtract the means of the training set, so that second moments are covariances."""
    pixels, labels = splits.train.images.mean(axis=0), splits.train.targets.mean(axis=0)
    samples = {
        name: replace(sample, images=sample.images - pixels, targets=sample.targets - labels)
        for name, sample in splits.samples.items()
    }
    return ImageSplits(splits.layout, **samples)


def same_moments(dataset: Dataset) -> Dataset:
    """Return the fewest items with the same second moments, from which linear networks learn the same.

    Their loss is lower by a constant: the part of the labels outside the span of the pixels.
    """
    Q, R = np.linalg.qr(dataset.X.T)
    scale = np.sqrt(len(R) / dataset.n_items)
    blocks = {"input_blocks": dataset.input_blocks, "output_blocks": dataset.output_blocks}
    return Dataset(scale * R.T, scale * dataset.Y @ Q, **blocks)


def learn(
    network: ImageNetwork, splits: Sequence[ImageSplits], seeds: Sequence[int], training: BatchDescent
) -> LearningRecord:
    """Train one network for each seed, each on the data of its seed."""
    from ...dynamics.nonlinear import train_networks

    return train_networks(network, splits, training, seeds)


def choose(
    family: Family, name: str, label_scale: float, progress: Callable[[float], None] = lambda _: None
) -> tuple[float, int, float]:
    """Choose step size and number of steps by the compositional loss on validation images.

    No test split is used. The seeds, and with them combinations, samples and initial weights, differ from those of all
    claims; the digits are the same, divided differently by every seed.

    Returns
    -------
    step_size : float
    steps : int
    loss : float
        Mean over seeds.
    """
    splits = [draw(seed, label_scale) for seed in CHOICE_SEEDS]
    found = []
    for done, step_size in enumerate(STEP_SIZES):
        training = replace(family.training, step_size=step_size)
        try:
            record = learn(family.network(name), splits, CHOICE_SEEDS, training)
        except Divergence:
            continue
        finally:
            progress((done + 1) / len(STEP_SIZES))
        losses = record.losses["validation", "compositional"].mean(axis=1)
        best = int(losses.argmin())
        found.append((float(losses[best]), step_size, int(record.steps[best])))
    loss, step_size, steps = min(found)
    return step_size, steps, loss


def unseen_error(record: LearningRecord) -> FloatArray:
    """Return the final squared error of the compositional outputs on unseen combinations, for each network."""
    return np.asarray(2 * record.losses["test_unseen", "compositional"][-1])
