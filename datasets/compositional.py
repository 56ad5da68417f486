"""Adjacent images: training shows all classes of images, but not all combinations of classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..validation import FloatArray, instance, integer, real
from .combinations import BLOCK, Combinations, Numbers, in_blocks
from .data import Blocks
from .dataset import Dataset
from .image_sample import ImageSample
from .images import Images, Pixels
from .systematicity import consecutive

PARTS = {"train": 0, "validation": 1, "test_seen": 2, "test_unseen": 2}
"""Which part of the source images each split is made of."""
STREAMS = {"train": 3, "validation": 4, "test_seen": 5, "test_unseen": 6}


@dataclass(frozen=True, kw_only=True, eq=False)
class CompositionalImages:
    r"""K adjacent images with one label for each place, and a label of the whole combination.

    With the class :math:`c_k` at place k of C classes,

    .. math:: y = (e_{c_1}, \ldots, e_{c_K}, r\, e_{c_1 \ldots c_K}), \qquad
              e_{c_k} \in \{0, 1\}^C, \quad e_{c_1 \ldots c_K} \in \{0, 1\}^{C^K}

    The first K C outputs are compositional: a network that treats the places separately is correct on combinations
    that it never saw. The others are not: they name every combination separately, like the identity blocks of
    :class:`linmod.SystematicityDataset`, and keep an output for the combinations that are held out, too.

    Parameters
    ----------
    images : Images
    places : int, default 3
        K.
    label_scale : float, default 10
        r >= 0. With 0 the non-compositional block is left out: the task is to classify all K images.
    seen : int or float, default 0.5
        How many combinations training shows, or which share of all. At least C: every class is seen at every place.
    shares : tuple of float, default (0.6, 0.2, 0.2)
        Shares of the source images that training, validation and both tests are made of; they have none in common.
    noise : float, default 0
        Standard deviation of Gaussian noise that is added to every pixel, in units of the range from black to white.
        It is not clipped, so that pixels leave that range.
    shuffled_labels : bool, default False
        Null control: each seen combination gets the compositional labels of another seen one, and each unseen one
        those of another unseen one, by one random cycle through each set.
    seed : int, default 0
        Of everything: which combinations are seen, which images are in which part, samples and noise.
    dense_limit : int, default 2**26
        The most entries that the images or the targets of one sample may have (2**26 of float32 are 256 MiB).

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, if `seen` is too small to show every class at every place, if a part of the
        source images would lack a class, or if labels are shuffled and a single combination is unseen.

    See Also
    --------
    Combinations : Which combinations of classes are seen.
    Images : The images that are combined.

    Notes
    -----
    Samples are rows here. They are made on demand: one takes ``4 * (pixels + outputs)`` bytes, which are
    13.5 kB for three images of 28x28 with 30 + 1000 outputs; `start` draws a long run in pieces. Sample i does not
    depend on the call that draws it. Every pass over the seen combinations shows each once; unseen ones are drawn
    uniformly; images are drawn uniformly from those of the class. Noise has a separate random stream:
    ``dataclasses.replace(task, noise=0.3)`` has the same images with noise on them.

    Shuffling keeps how often each label and each combination of labels occurs, in training and among the unseen. It
    makes the labels of a place a random table over combinations, which says next to nothing about the image there:
    with S combinations seen, labels and classes of a place share about :math:`(C-1)^2/2S` nats by chance. So no
    network is expected to be right about unseen combinations more often than by chance, about 1/C. With S close to C
    each class nearly names its combination, and shuffled labels, too, can be learned from one place: then only unseen
    combinations tell the difference.

    Sources: the compositional MNIST of "On The Specialization of Neural Modules" (Jarvis, Klein, Rosman & Saxe, ICLR
    2023), three digits with r = 10; with `label_scale` 0 the compositional CIFAR-10 of "Breaking Neural Network Scaling
    Laws with Modularity" (Boopathy, Jiang, Yue, Hwang, Iyer & Fiete, ICLR 2025).

    Examples
    --------
    >>> from linmod.datasets import digits
    >>> task = CompositionalImages(images=digits(), seen=400)
    >>> sample = task.train(5)
    >>> sample.images.shape, sample.targets.shape, task.output_blocks
    ((5, 8, 24), (5, 1030), {'compositional': slice(0, 30, None), 'non_compositional': slice(30, 1030, None)})
    >>> list(task.as_dataset(sample).input_blocks)
    ['place_1', 'place_2', 'place_3']
    """

    images: Images
    places: int = 3
    label_scale: float = 10.0
    seen: int | float = 0.5
    shares: tuple[float, float, float] = (0.6, 0.2, 0.2)
    noise: float = 0.0
    shuffled_labels: bool = False
    seed: int = 0
    dense_limit: int = 2**26

    def __post_init__(self) -> None:
        instance("images", self.images, (Images,))
        instance("shuffled_labels", self.shuffled_labels, (bool,))
        for name in ("label_scale", "noise"):
            object.__setattr__(self, name, real(name, getattr(self, name), 0.0))
        object.__setattr__(self, "places", integer("places", self.places, 1))
        integer("dense_limit", self.dense_limit, 1)
        instance("shares", self.shares, (Sequence,))
        if len(self.shares) != 3:
            raise ValueError(f"shares must be three, of training, validation and tests, got {self.shares}")
        _ = self.combinations, self.sources
        if self.shuffled_labels:
            _ = self.combinations.exchanged

    def __repr__(self) -> str:
        text = f"{self.images!r}, places={self.places}, label_scale={self.label_scale}, seen={self.seen}"
        return f"CompositionalImages({text}, noise={self.noise}, seed={self.seed})"

    @cached_property
    def combinations(self) -> Combinations:
        """All combinations of classes, and which of them are seen."""
        return Combinations(self.images.classes, self.places, self.seen, self.seed)

    @cached_property
    def sources(self) -> tuple[Images, ...]:
        """The source images of training, of validation and of both tests."""
        return self.images.split(self.shares, self.seed)

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Height and width of the images of a sample, and channels if there are any."""
        height, width, *channels = self.images.shape
        return (height, width * self.places, *channels)

    @property
    def output_blocks(self) -> Blocks:
        """Outputs by block: ``compositional`` (K C), and ``non_compositional`` (C**K) unless `label_scale` is 0."""
        sizes = {"compositional": self.places * self.images.classes}
        if self.label_scale:
            sizes["non_compositional"] = self.combinations.n_combinations
        return consecutive(sizes)

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return max(int(block.stop) for block in self.output_blocks.values())

    def train(self, samples: int, start: int = 0) -> ImageSample:
        """Return training samples of seen combinations, from sample number `start` on."""
        return self._draw("train", samples, start)

    def validation(self, samples: int, start: int = 0) -> ImageSample:
        """Return samples of new images in seen combinations, for the choice of settings."""
        return self._draw("validation", samples, start)

    def test_seen(self, samples: int, start: int = 0) -> ImageSample:
        """Return samples of new images in seen combinations."""
        return self._draw("test_seen", samples, start)

    def test_unseen(self, samples: int, start: int = 0) -> ImageSample:
        """Return samples of new images in combinations that training never shows, although it shows each single class.

        Raises
        ------
        ValueError
            If all combinations are seen.
        """
        if not self.combinations.n_unseen:
            raise ValueError(f"seen must leave combinations unseen to test them, got {self.seen!r}, all of them")
        return self._draw("test_unseen", samples, start)

    def as_dataset(self, sample: ImageSample, *, centred: bool = False) -> Dataset:
        """Lay a sample out in columns for linear networks, the pixels of each place in one input block.

        Parameters
        ----------
        sample : ImageSample
        centred : bool, default False
            Subtract `mean_image`, the same from every sample.

        Returns
        -------
        Dataset
            Input blocks ``place_1`` to ``place_K``; outputs as in `output_blocks`.
        """
        instance("sample", sample, (ImageSample,))
        images = sample.images - self.mean_image if centred else sample.images
        height, width = self.images.shape[:2]
        apart = images.reshape(len(images), height, self.places, width, -1)
        X = np.moveaxis(apart, (2, 0), (0, -1)).reshape(-1, len(images))
        size = len(X) // self.places
        blocks = consecutive({f"place_{place + 1}": size for place in range(self.places)})
        return Dataset(X, sample.targets.T, input_blocks=blocks, output_blocks=self.output_blocks)

    @cached_property
    def mean_image(self) -> FloatArray:
        """Mean of the images that training draws from, over all combinations seen; shaped as `image_shape`."""
        shown = self.combinations.classes_of(self.combinations.seen_numbers)
        shares = [np.bincount(column, minlength=self.images.classes) / len(shown) for column in shown.T]
        return np.concatenate([np.tensordot(share, self.sources[0].class_means, 1) for share in shares], axis=1)

    def _draw(self, split: str, samples: int, start: int) -> ImageSample:
        count, first, stream = integer("samples", samples, 1), integer("start", start), STREAMS[split]
        self._check_size(count)
        draw = self.combinations.draw_unseen if split == "test_unseen" else self.combinations.draw_seen
        numbers = draw(stream, count, first)
        labels = self.combinations.exchanged[numbers] if self.shuffled_labels else numbers
        images = self._images(split, self.combinations.classes_of(numbers), first)
        classes = self.combinations.classes_of(labels)
        return ImageSample(images, self._targets(classes, numbers), classes, numbers)

    def _images(self, split: str, classes: Numbers, start: int) -> Pixels:
        """Return the images of the given classes, drawn from a part of the source images, with noise."""
        source, count = self.sources[PARTS[split]], len(classes)

        def uniform(block: int) -> FloatArray:
            return np.random.default_rng([self.seed, STREAMS[split], block, 1]).random((BLOCK, self.places))

        def normal(block: int) -> Pixels:
            generator = np.random.default_rng([self.seed, STREAMS[split], block, 2])
            return generator.standard_normal((BLOCK, *self.image_shape), dtype=np.float32)

        frequencies = np.bincount(source.labels)
        ranks = (in_blocks(uniform, count, start) * frequencies[classes]).astype(np.int64)
        items = np.argsort(source.labels, kind="stable")[np.cumsum(frequencies)[classes] - 1 - ranks]
        images = np.concatenate([source.pixels[column] for column in items.T], axis=2)
        return images + np.float32(self.noise) * in_blocks(normal, count, start) if self.noise else images

    def _targets(self, classes: Numbers, numbers: Numbers) -> Pixels:
        targets = np.zeros((len(numbers), self.n_outputs), dtype=np.float32)
        rows = np.arange(len(numbers))
        targets[rows[:, None], classes + self.images.classes * np.arange(self.places)] = 1
        if self.label_scale:
            targets[rows, self.output_blocks["non_compositional"].start + numbers] = self.label_scale
        return targets

    def _check_size(self, samples: int) -> None:
        largest = max(math.prod(self.image_shape), self.n_outputs)
        if samples * largest > self.dense_limit:
            raise ValueError(
                f"samples must be at most {self.dense_limit // largest} for {largest} pixels or outputs each and "
                f"dense_limit={self.dense_limit}, got {samples} (draw pieces with start, raise dense_limit, "
                "or leave out the non-compositional block with label_scale=0)"
            )
