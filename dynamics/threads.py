"""The number of threads that linear algebra uses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache

from threadpoolctl import ThreadpoolController


def threads_for(coordinates: str) -> AbstractContextManager[None]:
    """Leave the threads alone in data coordinates, whose matrices grow with the data; else use one.

    The matrices of rotated coordinates are small: sharing one among threads costs more than it saves, many times more
    on a machine that is busy, and makes the last digits depend on the number of processors.
    """
    return nullcontext() if coordinates == "data" else one_thread()


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit BLAS to one thread, in the whole process while inside."""
    with _controller().limit(limits=1, user_api="blas"):
        yield


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()
