"""Training settings and data splits of networks on images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...datasets import CompositionalImages, ImageSample
from ...problem import Descent
from ...validation import FloatArray, instance, integer, real
from .architectures import ImageLayout

SPLITS = ("train", "validation", "test_seen", "test_unseen")


@dataclass(frozen=True)
class BatchDescent:
    r"""Gradient descent on minibatches.

    The loss of a batch is :math:`\frac{1}{2} \langle |y - f(x)|^2 \rangle`, summed over outputs and averaged over its
    items, as in :class:`linmod.Descent`. Every epoch goes through all items in a new random order; its last batch may
    be smaller.

    Parameters
    ----------
    step_size : float, default 2e-3
        After n steps the time is ``step_size * n``, in units of tau.
    steps : int, default 10000
        Number of batches.
    batch : int, default 16
        Items of a batch.
    record_every : int, default 100
        Number of steps between records; the last step is recorded too.
    momentum : float, default 0.0
        Factor of Polyak's heavy ball, at least 0 and below 1.
    initial_std : float, default 0.01
        Standard deviation of the initial weights.
    patience : int, optional
        Stop a network after this number of consecutive records without a new minimum of its total validation loss,
        and restore the weights of that minimum, also if all steps are finished before. Unless given, the network
        keeps its last weights.

    See Also
    --------
    train_networks : The training with these settings.

    Examples
    --------
    >>> BatchDescent(steps=250).times
    array([0. , 0.2, 0.4, 0.5])
    """

    step_size: float = 2e-3
    steps: int = 10_000
    batch: int = 16
    record_every: int = 100
    momentum: float = 0.0
    initial_std: float = 0.01
    patience: int | None = None

    def __post_init__(self) -> None:
        Descent(self.step_size, self.steps, self.record_every, self.momentum)
        integer("batch", self.batch, 1)
        real("initial_std", self.initial_std, 0.0)
        if self.patience is not None:
            integer("patience", self.patience, 1)

    @classmethod
    def published(cls, items: int, epochs: int = 300) -> BatchDescent:
        """Return the published training for a number of items, recorded after every epoch."""
        per_epoch = -(-integer("items", items, 1) // 16)
        return cls(steps=integer("epochs", epochs, 1) * per_epoch, record_every=per_epoch)

    @property
    def recorded_steps(self) -> tuple[int, ...]:
        """The numbers of steps after which the state is recorded."""
        return Descent(self.step_size, self.steps, self.record_every).recorded_steps

    @property
    def times(self) -> FloatArray:
        """Times recorded, in units of tau."""
        return self.step_size * np.array(self.recorded_steps, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class ImageSplits:
    """What a network learns from and is tested on.

    Parameters
    ----------
    layout : ImageLayout
    train, validation, test_seen, test_unseen : ImageSample
        Combinations seen in training with three disjoint sets of images, and combinations that are not seen.

    Raises
    ------
    ValueError
        If the shape of a sample does not fit the layout.

    See Also
    --------
    train_networks : The training on these parts.

    Examples
    --------
    >>> from linmod.datasets import CompositionalImages, Images
    >>> pixels, classes = np.random.default_rng(0).random((60, 2, 2)), np.arange(60) % 2
    >>> task = CompositionalImages(images=Images(pixels, classes, "noise"), seen=6)
    >>> splits = ImageSplits.draw(task, train=12, evaluation=6)
    >>> {name: len(sample.images) for name, sample in splits.samples.items()}
    {'train': 12, 'validation': 6, 'test_seen': 6, 'test_unseen': 6}
    """

    layout: ImageLayout
    train: ImageSample
    validation: ImageSample
    test_seen: ImageSample
    test_unseen: ImageSample

    def __post_init__(self) -> None:
        instance("layout", self.layout, (ImageLayout,))
        size, shape = self.layout, (self.layout.height, self.layout.width)
        for name, sample in self.samples.items():
            instance(name, sample, (ImageSample,))
            if sample.images.shape[1:3] != shape or sample.targets.shape[1] != size.outputs:
                raise ValueError(
                    f"{name} must have images of {shape} and {size.outputs} outputs, got {sample.images.shape[1:3]} "
                    f"and {sample.targets.shape[1]}"
                )

    @classmethod
    def draw(cls, dataset: CompositionalImages, *, train: int, evaluation: int) -> ImageSplits:
        """Draw `train` items for training and `evaluation` items for each of the other three sets."""
        instance("dataset", dataset, (CompositionalImages,))
        height, width, *channels = dataset.image_shape
        labels = dataset.images.classes
        layout = ImageLayout(
            height, width, dataset.places, labels, dataset.n_outputs - dataset.places * labels, *channels
        )
        draws = (dataset.validation, dataset.test_seen, dataset.test_unseen)
        return cls(layout, dataset.train(train), *(draw(evaluation) for draw in draws))

    @property
    def samples(self) -> Mapping[str, ImageSample]:
        """The four samples by name."""
        return {name: getattr(self, name) for name in SPLITS}


def batch_items(items: int, batch: int, seed: int, step: int) -> NDArray[np.intp]:
    """Return the items of the batch of one step.

    The order of an epoch depends on the seed and the number of the epoch alone (``numpy.random.default_rng([seed, 1,
    epoch])``), so that training can continue from any step without further records.

    Examples
    --------
    >>> [batch_items(5, 2, seed=0, step=step) for step in range(4)]
    [array([1, 4]), array([3, 0]), array([2]), array([0, 4])]
    """
    epoch, position = divmod(step, -(-items // batch))
    order = np.random.default_rng([seed, 1, epoch]).permutation(items)
    return order[position * batch : (position + 1) * batch]
