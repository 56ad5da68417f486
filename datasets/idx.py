"""MNIST from its IDX files on this computer."""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from ..validation import choice, instance
from .images import Images, unit_range

PREFIXES = {"train": "train", "test": "t10k"}
GZIP = b"\x1f\x8b"
MOST_BYTES = 2**31


def mnist(folder: str | PathLike[str], part: str = "train") -> Images:
    """Load MNIST, or data in the same files such as Fashion-MNIST, from a folder; nothing is downloaded.

    Parameters
    ----------
    folder : path
        Where ``train-images-idx3-ubyte`` and ``train-labels-idx1-ubyte`` are, or those of ``t10k``; also with a dot
        for the second hyphen (``train-images.idx3-ubyte``), with and without ``.gz``. The first that exists is read.
    part : {"train", "test"}, default "train"

    Returns
    -------
    Images
        60000 or 10000 images of 28x28 in the original files; float32, 3136 bytes each.

    Raises
    ------
    FileNotFoundError
        If a file is missing; names the folder and what was sought.
    ValueError
        If a file does not match its header, or if the two files do not match; the message names the file.

    See Also
    --------
    cifar10 : Images of CIFAR-10.
    digits : Bundled images of digits.

    Notes
    -----
    Whether a file is compressed is read off its first bytes, not its name. The format: "The MNIST database of
    handwritten digits" (LeCun, Cortes & Burges).

    Examples
    --------
    >>> mnist("MNIST/raw")  # doctest: +SKIP
    Images('mnist', 60000 images of 28x28, 10 classes)
    """
    prefix = PREFIXES[choice("part", part, PREFIXES)]
    image_file = first_file(folder, _names(prefix, "images", 3))
    label_file = first_file(folder, _names(prefix, "labels", 1))
    pixels, labels = _read(image_file, 3), _read(label_file, 1)
    if len(pixels) != len(labels):
        raise ValueError(f"{image_file} has {len(pixels)} images, but {label_file} has {len(labels)} labels")
    if labels.max() > 9:
        raise ValueError(f"{label_file} must hold labels from 0 to 9, got {labels.max()}")
    return Images(unit_range(pixels), labels.astype(np.int64), "mnist")


def first_file(folder: str | PathLike[str], names: Iterable[str]) -> Path:
    """Return the path of the first of the named files that is in the folder, or raise."""
    instance("folder", folder, (str, PathLike))
    sought = list(names)
    for name in sought:
        path = Path(folder) / name
        if path.is_file():
            return path
    raise FileNotFoundError(f"{Path(folder)} has none of the files {', '.join(sought)}")


def _names(prefix: str, kind: str, axes: int) -> list[str]:
    plain = [f"{prefix}-{kind}{joint}idx{axes}-ubyte" for joint in "-."]
    return [*plain, *(f"{name}.gz" for name in plain)]


def _read(path: Path, axes: int) -> NDArray[np.uint8]:
    with path.open("rb") as file:
        compressed = file.read(len(GZIP)) == GZIP
        file.seek(0)
        if not compressed:
            return _parse(path, file, axes)
        try:
            with gzip.open(file) as content:
                return _parse(path, cast(BinaryIO, content), axes)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ValueError(f"{path} is compressed, but damaged or cut short: {error}") from error


def _parse(path: Path, file: BinaryIO, axes: int) -> NDArray[np.uint8]:
    header = file.read(4 * (1 + axes))
    expected = bytes([0, 0, 8, axes])
    if header[:4] != expected:
        raise ValueError(
            f"{path} must start with the bytes {expected.hex(' ')}, an IDX file of bytes with {axes} axes, "
            f"got {header[:4].hex(' ') or 'nothing'}"
        )
    if len(header) < 4 * (1 + axes):
        raise ValueError(f"{path} ends within its header, after {len(header)} bytes")
    shape = tuple(int.from_bytes(header[i : i + 4], "big") for i in range(4, len(header), 4))
    size = math.prod(shape)
    if not 0 < size <= MOST_BYTES:
        raise ValueError(f"{path} must hold from 1 to {MOST_BYTES} bytes, got the shape {shape} in its header")
    content = file.read(size + 1)
    if len(content) != size:
        found = f"ends after {len(content)}" if len(content) < size else "has more"
        raise ValueError(f"{path} must hold {size} bytes of shape {shape} after its header, but {found}")
    return np.frombuffer(content, dtype=np.uint8).reshape(shape)
