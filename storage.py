"""Files of results: each is written in full or not at all, says which versions made it, and is checked when read."""

from __future__ import annotations

import io
import json
import os
import platform
import zlib
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from .validation import instance

Arrays = dict[str, NDArray[Any]]
Header = dict[str, Any]

LIBRARIES = ("linmod", "numpy", "scipy")
"""What all numbers depend on."""
OWN = ("kind", "format", "versions")
"""Entries of the header that the archive adds."""
FORMAT = 1


def versions(libraries: Iterable[str] = LIBRARIES) -> dict[str, str]:
    """Return the versions of Python and of libraries.

    Examples
    --------
    >>> list(versions())
    ['python', 'linmod', 'numpy', 'scipy']
    """
    return {"python": platform.python_version(), **{name: version(name) for name in libraries}}


def write_atomically(path: Path, content: bytes | memoryview) -> None:
    """Write a file so that at any moment, also after a crash, it is there in full or as it was before."""
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(partial, path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def write_archive(path: str | os.PathLike[str], kind: str, header: Mapping[str, Any], arrays: Arrays) -> Path:
    """Write arrays as npz, with a header of plain values that also holds the kind, the format and the versions."""
    instance("path", path, (str, os.PathLike))
    content = io.BytesIO()
    named: dict[str, Any] = {f"/{name}": values for name, values in arrays.items()}
    own = dict(zip(OWN, (kind, FORMAT, versions()), strict=True))
    np.savez(content, header=json.dumps({**header, **own}), **named)
    write_atomically(Path(path), content.getbuffer())
    return Path(path)


def read_archive(path: str | os.PathLike[str], kind: str) -> tuple[Header, Arrays]:
    """Read what :func:`write_archive` wrote.

    Raises
    ------
    ValueError
        If the file is damaged, of another kind, or of a later format.
    OSError
        If it cannot be opened.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_archive(folder + "/a.npz", "list", {"length": 2}, {"a/b": np.arange(2)})
    ...     header, arrays = read_archive(path, "list")
    >>> header["kind"], header["length"], arrays
    ('list', 2, {'a/b': array([0, 1])})
    """
    instance("path", path, (str, os.PathLike))
    with open(path, "rb") as stream:
        try:
            with np.load(stream, allow_pickle=False) as file:
                header = json.loads(str(file["header"]))
                arrays = {name[1:]: file[name] for name in file.files if name.startswith("/")}
                found, form = header["kind"], header["format"]
        except (BadZipFile, zlib.error, EOFError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"{path} is damaged or not a {kind}: {error}") from error
    if found != kind:
        raise ValueError(f"{path} is a {found}, not a {kind}")
    if form != FORMAT:
        raise ValueError(f"{path} has format {form} of {header['versions']}, and this version reads format {FORMAT}")
    return header, arrays
