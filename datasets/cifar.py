"""CIFAR-10 from its files on this computer, in the binary version and in the one for Python."""

from __future__ import annotations

import io
import pickle
import pickletools
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..validation import choice
from .idx import first_file
from .images import Images, unit_range

BATCHES = {"train": tuple(f"data_batch_{i}" for i in range(1, 6)), "test": ("test_batch",)}
PLANES = (3, 32, 32)
RECORD = 1 + 3 * 32 * 32
ADMITTED = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.numeric", "_frombuffer"),
    ("numpy._core.numeric", "_frombuffer"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
}

Batch = tuple[NDArray[np.uint8], NDArray[np.int64]]


def cifar10(folder: str | PathLike[str], part: str = "train") -> Images:
    """Load CIFAR-10 from a folder; nothing is downloaded.

    Parameters
    ----------
    folder : path
        Where the batches are: ``data_batch_1`` to ``data_batch_5`` and ``test_batch``, with the ending ``.bin`` in the
        binary version and without in the version for Python. If both are there, the binary one is read.
    part : {"train", "test"}, default "train"

    Returns
    -------
    Images
        50000 or 10000 images of 32x32x3 in the original files; float32, 12288 bytes each (614 MB for training).

    Raises
    ------
    FileNotFoundError
        If a batch is missing; names the folder and what was sought.
    ValueError
        If a file is not a batch; names the file.

    See Also
    --------
    mnist : Images of MNIST.
    digits : Bundled images of digits.

    Notes
    -----
    The version for Python consists of pickles, which can run any code when they are loaded. Here they cannot: no name
    in them is ever resolved. The few that a batch needs become inert records of their arguments, of which the array is
    put together after checks, or text that is turned into bytes; any other name is refused.

    Source: "Learning Multiple Layers of Features from Tiny Images" (Krizhevsky, 2009).

    Examples
    --------
    >>> cifar10("cifar-10-batches-py", "test")  # doctest: +SKIP
    Images('cifar10', 10000 images of 32x32x3, 10 classes)
    """
    batches = [_load(folder, name) for name in BATCHES[choice("part", part, BATCHES)]]
    planes = np.concatenate([pixels for pixels, _ in batches]).reshape(-1, *PLANES)
    labels = np.concatenate([labels for _, labels in batches])
    return Images(unit_range(np.moveaxis(planes, 1, -1)), labels, "cifar10")


def _load(folder: str | PathLike[str], name: str) -> Batch:
    path = first_file(folder, (f"{name}.bin", name))
    return _binary(path) if path.suffix == ".bin" else _pickled(path)


def _binary(path: Path) -> Batch:
    content = np.fromfile(path, dtype=np.uint8)
    if content.size == 0 or content.size % RECORD:
        raise ValueError(
            f"{path} must hold records of {RECORD} bytes, at least one, got {content.size} bytes"
            f" ({content.size % RECORD} beyond the last whole record)"
        )
    records = content.reshape(-1, RECORD)
    if records[:, 0].max() > 9:
        raise ValueError(f"{path} must hold labels from 0 to 9, got {records[:, 0].max()}")
    return records[:, 1:], records[:, 0].astype(np.int64)


def _pickled(path: Path) -> Batch:
    try:
        batch = _inert(path.read_bytes())
    except Exception as error:  # damaged or hostile bytes may raise any exception
        raise ValueError(f"{path} is not a batch of CIFAR-10: {error}") from error
    if not isinstance(batch, dict) or not {b"data", b"labels"} <= batch.keys():
        raise ValueError(f"{path} must hold a dictionary with b'data' and b'labels', got {type(batch).__name__}")
    labels = batch[b"labels"]
    if not isinstance(labels, list) or not all(type(label) is int and 0 <= label <= 9 for label in labels):
        raise ValueError(f"{path} must hold a list of labels from 0 to 9")
    pixels = _bytes_of(path, batch[b"data"])
    if len(pixels) != len(labels):
        raise ValueError(f"{path} has {len(pixels)} images, but {len(labels)} labels")
    return pixels, np.array(labels, dtype=np.int64)


class _Record:
    """What a name in a pickle was called with, and the state that was given to it."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Inert(pickle.Unpickler):
    """Reads a pickle without running anything that it names."""

    def find_class(self, module: str, name: str) -> Any:
        """Stand in for an admitted name, or refuse."""
        if (module, name) == ("_codecs", "encode"):
            return _latin
        if (module, name) not in ADMITTED:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which no batch needs")
        return type(name, (_Record,), {})


def _latin(text: Any, encoding: Any) -> bytes:
    """Bytes, as protocols 0 to 2 write those of Python 3: text in which each character stands for one byte."""
    if not isinstance(text, str) or encoding != "latin1":
        raise pickle.UnpicklingError("it encodes text in another way than any batch does")
    return text.encode("latin-1")


def _inert(content: bytes) -> Any:
    """Read a pickle without running anything, and without room for more objects than it has bytes."""
    for opcode, argument, _ in pickletools.genops(content):
        if "PUT" in opcode.name and isinstance(argument, int) and argument > len(content):
            raise pickle.UnpicklingError(f"it numbers an object {argument}, in {len(content)} bytes")
    return _Inert(io.BytesIO(content), encoding="bytes").load()


def _bytes_of(path: Path, data: Any) -> NDArray[np.uint8]:
    """Make rows of pixels from the record of a pickled array: (version, shape, dtype, column order, content)."""
    state = _state_of(data) if isinstance(data, _Record) else None
    if not isinstance(state, tuple) or len(state) != 5:
        raise ValueError(f"{path} must hold an array as data")
    _, shape, kind, by_column, content = state
    named = kind.arguments[:1] if isinstance(kind, _Record) else ()
    if named not in ((b"u1",), ("u1",)) or not isinstance(content, bytes | bytearray):
        raise ValueError(f"{path} must hold an array of bytes as data")
    if not content or len(content) % (RECORD - 1) or shape != (len(content) // (RECORD - 1), RECORD - 1):
        raise ValueError(
            f"{path} must hold rows of {RECORD - 1} bytes, at least one, got shape {shape} in {len(content)}"
        )
    return np.frombuffer(content, dtype=np.uint8).reshape(shape, order="F" if by_column else "C")


def _state_of(data: _Record) -> Any:
    """The state of a pickled array; protocol 5 writes it as the arguments (content, dtype, shape, order)."""
    if type(data).__name__ != "_frombuffer" or len(data.arguments) != 4:
        return data.state
    content, kind, shape, order = data.arguments
    return None, shape, kind, order == "F", content
