"""A sweep from its file."""

from __future__ import annotations

import os
import tomllib
from dataclasses import fields
from pathlib import Path

from ..problem.arrays import sealed
from ..problem.kinds import KINDS, known
from ..validation import instance
from .definition import Sweep


def read_sweep(path: str | Path) -> Sweep:
    """Read a sweep from a TOML file.

    Parameters
    ----------
    path : str or Path
        A file with the tables ``dataset``, ``network``, ``initial``, ``training``, ``grid``, ``lists`` and the
        entries ``seeds``, ``record``, ``solutions``, ``over_time``: the parameters of :class:`Sweep`. Paths of arrays
        begin in the folder of the file.

    Returns
    -------
    Sweep

    Raises
    ------
    ValueError
        If the file cannot be read or is not TOML, and as :class:`Sweep`.

    See Also
    --------
    write_sweep : The way back.

    Examples
    --------
    >>> import tempfile
    >>> text = '''
    ... seeds = 4
    ... [dataset]
    ... n_x = 3
    ... n_y = 1
    ... k_x = 3
    ... k_y = 1
    ... [network]
    ... kind = "shallow"
    ... [initial]
    ... kind = "small_random"
    ... [training]
    ... kind = "descent"
    ... step_size = 0.1
    ... steps = 100
    ... [grid]
    ... dataset.n_x = [2, 3]
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "sweep.toml")
    ...     _ = file.write_text(text)
    ...     read_sweep(file)
    Sweep(8 points: n_x 2, seed 4)
    """
    instance("path", path, (str, os.PathLike))
    try:
        given = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not a TOML file: {error}") from error
    entries = [*KINDS, *(parameter.name for parameter in fields(Sweep) if parameter.name != "base")]
    for name in given:
        known("entry", name, entries)
    found = sealed("sweep", given, Path(path).parent)
    base = {section: found.pop(section) for section in KINDS if section in found}
    return Sweep(base, **found)
