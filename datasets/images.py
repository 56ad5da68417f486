"""Labelled images from any arrays, validated when they are made, and their division into disjoint parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..validation import FloatArray, instance, integer, real, without_mask

Pixels = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Images:
    """Images with one label each.

    Parameters
    ----------
    pixels : array_like, shape (n, height, width) or (n, height, width, channels)
        Brightness from 0 to 1; kept as read-only float32, without a copy if it is that already.
    labels : array_like of int, shape (n,)
        Classes, numbered from 0 without a gap; at least two.
    name : str, default "images"
        What the images are called in messages.

    Raises
    ------
    TypeError, ValueError
        If pixels are not finite numbers from 0 to 1, if labels are not integers that name every class from 0 to the
        highest one, if there is no image or one class alone, or if there are not as many labels as images.

    See Also
    --------
    mnist : Images of MNIST.
    cifar10 : Images of CIFAR-10.
    digits : Bundled images of digits.

    Examples
    --------
    >>> Images(np.zeros((4, 8, 8)), [0, 1, 1, 0], "dark")
    Images('dark', 4 images of 8x8, 2 classes)
    """

    pixels: Pixels
    labels: Labels
    name: str = "images"

    def __post_init__(self) -> None:
        instance("name", self.name, (str,))
        object.__setattr__(self, "pixels", _pixels(self.pixels))
        object.__setattr__(self, "labels", _labels(self.labels))
        if len(self.pixels) != len(self.labels):
            raise ValueError(
                "pixels and labels must be of the same number of images, "
                f"got {len(self.pixels)} images and {len(self.labels)} labels"
            )

    def __repr__(self) -> str:
        size = "x".join(str(length) for length in self.shape)
        return f"Images({self.name!r}, {len(self.labels)} images of {size}, {self.classes} classes)"

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.labels.max()) + 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Height and width of one image, and channels if it has that axis."""
        return tuple(int(length) for length in self.pixels.shape[1:])

    @cached_property
    def class_means(self) -> FloatArray:
        """Mean image of every class, shape (classes, *shape)."""
        groups = [self.pixels[self.labels == label] for label in range(self.classes)]
        return np.array([group.mean(axis=0, dtype=np.float64) for group in groups])

    def split(self, shares: Sequence[float], seed: int = 0) -> tuple[Images, ...]:
        r"""Divide the images at random into parts that share no image and have the classes in equal proportion.

        The images of each class are shuffled and spread evenly over one list, of which the parts are consecutive
        pieces. Of a class with :math:`n_c` of n images in C classes, a part of k images has
        :math:`k n_c / n` up to :math:`1 + C n_c / n`.

        Parameters
        ----------
        shares : sequence of float, or of int
            Shares of all images, or numbers of images; together at most all. What they leave over is dropped.
        seed : int, default 0

        Returns
        -------
        tuple of Images
            Copies, each in the order of the whole.

        Raises
        ------
        TypeError, ValueError
            If shares are neither all integers of at least 1 nor all positive, if they are more than there is, or if
            a part would be without an image of some class.

        Examples
        --------
        >>> whole = Images(np.zeros((20, 8, 8)), np.arange(20) % 2)
        >>> whole.split([0.5, 0.2])
        (Images('images', 10 images of 8x8, 2 classes), Images('images', 4 images of 8x8, 2 classes))
        """
        edges = _edges(shares, len(self.labels))
        order = _spread(self.labels, np.random.default_rng(integer("seed", seed)))
        return tuple(self._part(np.sort(order[a:b]), i) for i, (a, b) in enumerate(edges))

    def _part(self, items: Labels, index: int) -> Images:
        missing = np.setdiff1d(self.labels, self.labels[items])
        if missing.size:
            raise ValueError(
                f"shares[{index}] must have an image of every class; of {self.name!r} it gets {len(items)} "
                f"and none of class {missing[0]}"
            )
        pixels, labels = self.pixels[items], self.labels[items]
        pixels.flags.writeable = False
        return Images(pixels, labels, self.name)


def digits() -> Images:
    """Load the 1797 handwritten digits of 8x8 pixels that come with scikit-learn, ten classes.

    Returns
    -------
    Images

    Raises
    ------
    ModuleNotFoundError
        If scikit-learn is not installed.

    See Also
    --------
    mnist : Images of MNIST, from their files.

    Notes
    -----
    Source: the test part of "Optical Recognition of Handwritten Digits" (Alpaydin & Kaynak, UCI repository, 1998).
    The 17 levels of brightness are divided by 16. The digits were written by 13 people, all of whom are likely to be in
    every part of a random split: new images are new digits, not new hands.

    Examples
    --------
    >>> digits()
    Images('digits', 1797 images of 8x8, 10 classes)
    """
    try:
        from sklearn.datasets import load_digits
    except ModuleNotFoundError as error:
        remedy = "digits needs scikit-learn: pip install 'linmod[learn]'"
        raise ModuleNotFoundError(remedy, name=error.name) from error
    bundled = load_digits()
    return Images(bundled.images / 16, bundled.target, "digits")


def unit_range(levels: NDArray[np.uint8]) -> Pixels:
    """Scale bytes to read-only brightness from 0 to 1."""
    pixels = levels.astype(np.float32)
    pixels /= 255
    pixels.flags.writeable = False
    return pixels


def _pixels(value: Any) -> Pixels:
    without_mask("pixels", value)
    given = np.asarray(value)
    if given.dtype.kind not in "biuf":
        raise TypeError(f"pixels must be real numbers, got entries of type {given.dtype}")
    if given.ndim not in (3, 4):
        raise ValueError(f"pixels must have axes (n, height, width) or (.., channels), got shape {given.shape}")
    if 0 in given.shape:
        raise ValueError(f"pixels must not be empty, got shape {given.shape}")
    if np.any(np.isnan(given)):
        raise ValueError(f"pixels must be finite, got {np.sum(np.isnan(given))} entries that are not a number")
    low, high = given.min(), given.max()
    if low < 0 or high > 1:
        raise ValueError(f"pixels must be from 0 to 1, got {low} to {high} (bytes: divide by 255)")
    if given.dtype == np.float32 and not given.flags.writeable:
        return given
    pixels = np.array(given, dtype=np.float32)
    pixels.flags.writeable = False
    return pixels


def _labels(value: Any) -> Labels:
    without_mask("labels", value)
    given = np.asarray(value)
    if given.ndim != 1:
        raise ValueError(f"labels must have one axis, got shape {given.shape}")
    if given.size == 0:
        raise ValueError("labels must not be empty")
    if given.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers, got entries of type {given.dtype}")
    labels = np.array(given, dtype=np.int64)
    present = np.unique(labels)
    if present[0] < 0:
        raise ValueError(f"labels must be at least 0, got {present[0]}")
    if len(present) <= present[-1]:
        absent = int(np.flatnonzero(present != np.arange(len(present)))[0])
        raise ValueError(
            f"labels must number the classes from 0 without a gap, got up to {present[-1]} and no {absent} "
            "(np.unique(labels, return_inverse=True)[1] renumbers)"
        )
    if len(present) < 2:
        raise ValueError("labels must be of at least two classes, got one")
    labels.flags.writeable = False
    return labels


def _edges(shares: Any, available: int) -> list[tuple[int, int]]:
    """Return the first and last position of each part."""
    instance("shares", shares, (Sequence,))
    if not shares:
        raise ValueError("shares must name at least one part, got none")
    if all(isinstance(share, Integral) for share in shares):
        sizes = np.array([integer(f"shares[{i}]", share, 1) for i, share in enumerate(shares)], dtype=np.float64)
    else:
        sizes = available * np.array([real(f"shares[{i}]", share, positive=True) for i, share in enumerate(shares)])
    if sizes.sum() > available * (1 + 1e-9):
        raise ValueError(f"shares must be at most all {available} images together, got {sizes.sum():g}")
    stops = np.rint(np.cumsum(sizes)).astype(np.int64).tolist()
    return list(zip([0, *stops[:-1]], stops, strict=True))


def _spread(labels: Labels, generator: np.random.Generator) -> Labels:
    """Return all items in an order in which every class is shuffled and evenly spread."""
    places = np.empty(len(labels))
    for label in range(int(labels.max()) + 1):
        members = np.flatnonzero(labels == label)
        places[generator.permutation(members)] = (np.arange(len(members)) + 0.5) / len(members)
    return np.lexsort((generator.random(len(labels)), places))
