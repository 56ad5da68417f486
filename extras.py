"""Packages that only some features need, imported where they are used."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType


class MissingExtra(ImportError):  # noqa: N818
    """A package that an optional feature needs is not installed."""


def require(module: str, extra: str) -> ModuleType:
    """Import a package that belongs to an extra of linmod.

    Parameters
    ----------
    module : str
        Name of the package.
    extra : str
        The extra that installs it.

    Returns
    -------
    module

    Raises
    ------
    MissingExtra
        If the package is not installed, with the command that installs it.

    Examples
    --------
    >>> require("numpy", extra="torch").__name__
    'numpy'
    >>> require("no_such_package", extra="torch")
    Traceback (most recent call last):
    ...
    linmod.extras.MissingExtra: no_such_package is not installed; install it with: pip install 'linmod[torch]'
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != module.split(".")[0]:
            raise
        raise MissingExtra(
            f"{module} is not installed; install it with: pip install 'linmod[{extra}]'", name=module
        ) from None
