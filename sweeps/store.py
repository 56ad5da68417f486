"""A folder of finished points, each written atomically and checked when read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..storage import versions, write_atomically
from .description import canonical

MANIFEST, RESULTS, POINTS = "sweep.json", "results.nc", "points"


class NotStored(OSError):  # noqa: N818
    """Results could not be written; what was written before is kept."""


class Store:
    """Finished points of one sweep in a folder.

    Parameters
    ----------
    folder : str or Path
        Made if it does not exist.
    definition : mapping
        All that determines the results, as plain values.

    Raises
    ------
    ValueError
        If nothing can be written there, or the folder holds another sweep, one of other library versions, or
        other files.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Store(folder, {"points": 2})
    ...     store.write(0, {"loss": 0.1})
    ...     store.read(0), store.read(1)
    ({'loss': 0.1}, None)
    """

    def __init__(self, folder: str | Path, definition: Mapping[str, Any]) -> None:
        self.folder = Path(folder)
        manifest = {"definition": definition, "versions": versions()}
        self.fingerprint = _digest(canonical(manifest).encode())
        try:
            (self.folder / POINTS).mkdir(parents=True, exist_ok=True)
            if (self.folder / MANIFEST).exists():
                _compare(self.folder, manifest)
            elif any((self.folder / POINTS).iterdir()):
                raise ValueError(f"folder must be a new folder or one of this sweep; {self.folder} has other points")
            write_atomically(self.folder / MANIFEST, json.dumps(manifest, indent=1).encode())
        except OSError as error:
            raise ValueError(
                f"folder must be a folder that can be written to, got {str(folder)!r} ({error.strerror})"
            ) from error

    @property
    def results(self) -> Path:
        """Where the results of the whole sweep go."""
        return self.folder / RESULTS

    def read(self, number: int) -> dict[str, Any] | None:
        """Return the record of one point; None if it is absent, damaged, or of another sweep."""
        try:
            digest, _, content = self._path(number).read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None
        if digest.decode(errors="replace") != self._seal(number, content):
            return None
        record: dict[str, Any] = json.loads(content)
        return record

    def write(self, number: int, record: Mapping[str, Any]) -> None:
        """Keep the record of one point."""
        content = json.dumps(record).encode()
        self.keep(self._path(number), self._seal(number, content).encode() + b"\n" + content)

    def keep(self, path: Path, content: bytes) -> None:
        """Write a file of the folder, or raise NotStored and say how to continue."""
        try:
            write_atomically(path, content)
        except OSError as error:
            raise NotStored(
                f"{path} cannot be written ({error.strerror}); the finished points are kept in {self.folder}, and"
                " the same sweep continues from there"
            ) from error

    def _path(self, number: int) -> Path:
        return self.folder / POINTS / f"{number:07d}.json"

    def _seal(self, number: int, content: bytes) -> str:
        """Return the checksum that ties a record to its sweep and its place in it."""
        return _digest(f"{self.fingerprint} {number}\n".encode() + content)


def _compare(folder: Path, manifest: Mapping[str, Any]) -> None:
    try:
        found = json.loads((folder / MANIFEST).read_bytes())
        same = found["definition"] == json.loads(json.dumps(manifest["definition"]))
        made_by, here = found["versions"], manifest["versions"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{folder / MANIFEST} is damaged ({error}); give another folder") from error
    if not same:
        raise ValueError(f"{folder} holds the points of another sweep; give another folder")
    if made_by != here:
        raise ValueError(f"{folder} was begun with {made_by}, and this is {here}; give another folder")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
