"""Named arrays in one file, which is written atomically and checked when read."""

from __future__ import annotations

import io
import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from ...validation import instance

Arrays = dict[str, NDArray[Any]]
Header = dict[str, Any]


def write_archive(path: str | os.PathLike[str], kind: str, header: Mapping[str, Any], arrays: Arrays) -> Path:
    """Write arrays with a header of plain values as npz.

    At any moment, also after a crash, the file is there in full or as it was before.
    """
    instance("path", path, (str, os.PathLike))
    content = io.BytesIO()
    named: dict[str, Any] = {f"/{name}": values for name, values in arrays.items()}
    np.savez(content, header=json.dumps({"kind": kind, **header}), **named)
    target = Path(path)
    partial = target.with_name(target.name + ".partial")
    with partial.open("wb") as stream:
        stream.write(content.getbuffer())
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(partial, target)
    return target


def read_archive(path: str | os.PathLike[str], kind: str) -> tuple[Header, Arrays]:
    """Read what :func:`write_archive` wrote.

    Raises
    ------
    ValueError
        If the file is damaged or of another kind.
    OSError
        If it cannot be opened.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_archive(folder + "/a.npz", "list", {"length": 2}, {"a/b": np.arange(2)})
    ...     read_archive(path, "list")
    ({'length': 2}, {'a/b': array([0, 1])})
    """
    instance("path", path, (str, os.PathLike))
    with open(path, "rb") as stream:
        try:
            with np.load(stream, allow_pickle=False) as file:
                header = json.loads(str(file["header"]))
                arrays = {name[1:]: file[name] for name in file.files if name.startswith("/")}
                found = header.pop("kind")
        except (BadZipFile, zlib.error, EOFError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"{path} is damaged or not a {kind}: {error}") from error
    if found != kind:
        raise ValueError(f"{path} is a {found}, not a {kind}")
    return header, arrays
