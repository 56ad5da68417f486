"""Torch set up so that the same call gives the same numbers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from ...validation import instance, integer


def device_of(name: str) -> torch.device:
    """Return the device of this name.

    Raises
    ------
    ValueError
        If there is no such device here.
    """
    instance("device", name, (str,))
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"device must be 'cpu' or another one that is there, got {name!r}: {reason}") from error
    return device


@contextmanager
def reproducible(threads: int) -> Iterator[None]:
    """Use deterministic algorithms, full float32 precision and a number of threads; restore the settings afterwards.

    Examples
    --------
    >>> with reproducible(threads=1):
    ...     torch.get_num_threads()
    1
    """
    integer("threads", threads, 1)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.allow_tf32
    _set(threads, True, False)
    try:
        yield
    finally:
        _set(*before)


def _set(threads: int, deterministic: bool, allow_tf32: bool) -> None:
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(deterministic)
    torch.backends.cudnn.allow_tf32 = allow_tf32
