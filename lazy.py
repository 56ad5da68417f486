"""Public names that are loaded when they are first used, from the list in a stub next to an ``__init__.py``."""

from __future__ import annotations

import ast
from pathlib import Path


def public_names(init: str) -> dict[str, str]:
    """Return the names that the stub of an ``__init__.py`` lists, with the modules that hold them ("" for a module).

    Parameters
    ----------
    init : str
        Path of the ``__init__.py``.

    Returns
    -------
    dict of str to str
    """
    listed = ast.parse(Path(init).with_suffix(".pyi").read_text(encoding="utf-8")).body
    lines = [line for line in listed if isinstance(line, ast.ImportFrom)]
    return {entry.name: line.module or "" for line in lines for entry in line.names}
