"""Points on a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib import import_module
from typing import Any


@contextmanager
def dask_executor(address: str, timeout: float = 10.0) -> Iterator[Executor]:
    """Connect to the scheduler of a Dask cluster, as an executor for :func:`linmod.sweep`.

    A worker that dies loses nothing: the scheduler gives its points to another. The workers need the same versions
    of linmod, numpy and scipy as here for the same results.

    Parameters
    ----------
    address : str
        Of the scheduler, such as ``tcp://host:8786``.
    timeout : float, default 10
        Seconds to wait for it.

    Raises
    ------
    ValueError
        If Dask is not installed, or there is no scheduler at the address.
    """
    try:
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise ValueError("dask needs the packages of the extra: pip install 'linmod[distributed]'") from error
    try:
        client = distributed.Client(address, timeout=timeout, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ValueError(f"dask must be the address of a running scheduler, got {address!r} ({error})") from error
    with client:
        yield client.get_executor()
