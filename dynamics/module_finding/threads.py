"""One thread for many small matrices: on shared cores, threads that wait for each other cost a factor of 40."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from threadpoolctl import threadpool_limits


def threads_for(dims: int) -> AbstractContextManager[Any]:
    """Limit BLAS to one thread where matrices are small (one dimension); leave it as it is for n x n matrices.

    Holds for the whole process while inside.

    Examples
    --------
    >>> with threads_for(dims=1):
    ...     pass
    """
    return nullcontext() if dims > 1 else threadpool_limits(limits=1, user_api="blas")
