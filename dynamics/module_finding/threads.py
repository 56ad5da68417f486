"""One thread for many small matrices: on shared cores, threads that wait for each other cost a factor of 40."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from ..threads import one_thread


def threads_for(dims: int) -> AbstractContextManager[None]:
    """Limit BLAS to one thread where matrices are small (one dimension); leave it as it is for n x n matrices.

    Holds for the whole process while inside.

    Examples
    --------
    >>> with threads_for(dims=1):
    ...     pass
    """
    return nullcontext() if dims > 1 else one_thread()
