"""Arrays of other libraries, read through the protocols they offer; none of the libraries is imported."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..validation import FloatArray, array, without_mask

DOUBLE = float(np.finfo(np.float64).eps)
TOO_SHORT = ("float16", "bfloat16", "half", "float8")


def is_array(value: Any) -> bool:
    """Return whether a value offers its entries by ``__array__`` or ``__dlpack__``."""
    return hasattr(value, "__array__") or hasattr(value, "__dlpack__")


def axes(value: Any) -> int:
    """Return the number of axes of an array."""
    return len(value.shape) if hasattr(value, "shape") else np.ndim(value)


def read_array(name: str, value: Any, ndim: int) -> tuple[FloatArray, float]:
    """Return the entries of an array as finite float64, and the machine epsilon of the type that they came in.

    Parameters
    ----------
    name : str
        How errors call it.
    value : array of any library
        It is detached from gradients and copied to the processor where it has ``detach`` and ``cpu``.
    ndim : int
        Number of axes that it must have.

    Returns
    -------
    (ndarray, float)

    Raises
    ------
    TypeError
        If it is no array, or its entries are complex, masked, of half precision or no numbers.
    ValueError
        If the number of axes differs, or an entry is not finite.

    Examples
    --------
    >>> read_array("W", np.ones((1, 2), dtype=np.float32), 2)
    (array([[1., 1.]]), 1.1920928955078125e-07)
    """
    if not is_array(value):
        raise TypeError(f"{name} must be an array (with __array__ or __dlpack__), got {type(value).__name__}")
    without_mask(name, value)
    given = str(getattr(value, "dtype", ""))
    if any(kind in given for kind in TOO_SHORT):
        raise TypeError(f"{name} must be float32 or float64, got {given}: train or convert it in longer precision")
    entries = _entries(name, value)
    if entries.dtype.kind == "c":
        raise TypeError(f"{name} must be real, got {entries.dtype}")
    precision = float(np.finfo(entries.dtype).eps) if entries.dtype.kind == "f" else DOUBLE
    return array(name, entries, ndim), max(precision, DOUBLE)


def memory(value: Any) -> int | None:
    """Return the address of the entries of an array that can change in place; None for others."""
    if isinstance(value, np.ndarray):
        return int(value.__array_interface__["data"][0])
    pointer = getattr(value, "data_ptr", None)
    return int(pointer()) if callable(pointer) else None


def _entries(name: str, value: Any) -> NDArray[Any]:
    try:
        for method in ("detach", "cpu"):
            if callable(getattr(value, method, None)):
                value = getattr(value, method)()
        return np.asarray(value) if hasattr(value, "__array__") else np.from_dlpack(value)
    except (TypeError, ValueError, RuntimeError, BufferError) as error:
        raise TypeError(f"{name} cannot be read as a NumPy array: {error}") from error
