"""Arrays among plain values: lists of lists, or files that NumPy has written."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

ENTRIES = ("file", "array", "sha256")


def read_array(name: str, value: Any) -> Any:
    """Return an array as it is, or read it if it is the path of a file.

    Parameters
    ----------
    name : str
        What it is called in errors.
    value : array_like, str or mapping
        A text is the path of a ``.npy`` file. A table has the path ``file``, the name ``array`` of one of the arrays
        of a ``.npz`` file, and perhaps the checksum ``sha256`` of the file, which must then match.

    Returns
    -------
    array_like

    Raises
    ------
    ValueError
        If the file cannot be read, holds no such array, or has another checksum.

    See Also
    --------
    sealed : Add the checksums.

    Examples
    --------
    >>> read_array("X", [[1.0, 2.0]])
    [[1.0, 2.0]]
    >>> read_array("X", "nowhere.npy")
    Traceback (most recent call last):
    ValueError: X: nowhere.npy cannot be read: No such file or directory
    """
    if isinstance(value, str):
        value = {"file": value}
    if not isinstance(value, Mapping):
        return value
    file, wanted = _file(name, value), value.get("sha256")
    if wanted is not None and checksum(name, file) != wanted:
        raise ValueError(f"{name}: {file} has changed since its checksum was taken")
    try:
        found = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(f"{name}: {file} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if isinstance(found, np.ndarray):
        return found
    with found:
        if value.get("array") not in found.files:
            raise ValueError(f"{name}.array must be one of {found.files} in {file}, got {value.get('array')!r}")
        return found[value["array"]]


def checksum(name: str, file: Path) -> str:
    """SHA-256 of a file."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise ValueError(f"{name}: {file} cannot be read: {error.strerror}") from error


def sealed(name: str, value: Any, folder: Path | None = None) -> Any:
    """Give every file among plain values its full path and its checksum, so that they always mean the same array.

    Parameters
    ----------
    name : str
        What they are called in errors.
    value : object
        Plain values; a file is a table with ``file``, or a text that ends in ``.npy``.
    folder : Path, optional
        Where relative paths begin; the current folder unless given.

    Returns
    -------
    object
        The same values with files as tables of ``file``, ``array`` and ``sha256``.

    See Also
    --------
    read_array : Read the files.

    Examples
    --------
    >>> sealed("dataset", {"X": [[1.0]], "kind": "dataset"})
    {'X': [[1.0]], 'kind': 'dataset'}
    """
    if isinstance(value, str) and value.endswith(".npy"):
        value = {"file": value}
    if isinstance(value, Mapping) and "file" in value:
        file = Path(os.path.abspath(Path(folder or ".") / _file(name, value)))
        return {**value, "file": str(file), "sha256": value.get("sha256") or checksum(name, file)}
    if isinstance(value, Mapping):
        return {key: sealed(f"{name}.{key}", entry, folder) for key, entry in value.items()}
    if isinstance(value, list) and not _is_numbers(value):
        return [sealed(f"{name}[{at}]", entry, folder) for at, entry in enumerate(value)]
    return value


def _is_numbers(value: list[Any]) -> bool:
    return all(isinstance(entry, int | float) for entry in value)


def _file(name: str, value: Mapping[str, Any]) -> Path:
    unknown = sorted(set(value) - set(ENTRIES))
    if unknown or not isinstance(value.get("file"), str):
        raise ValueError(f"{name} must be an array, or a table with file and perhaps array, got {dict(value)}")
    return Path(value["file"])
