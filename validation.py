"""Argument validation: each error names the argument, the given value and the allowed values."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def integer(name: str, value: Any, minimum: int = 0) -> int:
    """Return `value` as an int, or raise if it is not an integer of at least `minimum`."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be an integer, got {value!r} ({type(value).__name__})")
    if value < minimum:
        raise ValueError(f"{name} must be at least {count_text(minimum)}, got {value}")
    return int(value)


def number(name: str, value: Any) -> float:
    """Return `value` as a float, which may be infinite or NaN, or raise if it is not a real number."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a real number, got {value!r} ({type(value).__name__})")
    return float(value)


def real(name: str, value: Any, minimum: float = -math.inf, *, positive: bool = False) -> float:
    """Return `value` as a finite float, or raise if it is below `minimum` (or not above 0 if `positive`)."""
    given = number(name, value)
    if not math.isfinite(given):
        raise ValueError(f"{name} must be finite, got {given}")
    if positive and given <= 0:
        raise ValueError(f"{name} must be positive, got {given}")
    if given < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {given}")
    return given


def reals(name: str, value: Any, ndim: int) -> FloatArray:
    """Return `value` as a float64 array of `ndim` axes, which may have infinite or NaN entries, or raise."""
    without_mask(name, value)
    try:
        given = np.asarray(value)
        if given.dtype.kind not in "biufO" or (given.dtype.kind == "O" and any(map(np.iscomplexobj, given.flat))):
            raise TypeError("complex entries" if given.dtype.kind in "cO" else f"entries of type {given.dtype}")
        result = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        found = f"{type(value).__name__} ({error})"
        raise TypeError(f"{name} must be a real array with {ndim} axes, got {found}") from error
    if result.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} axes, got shape {result.shape}")
    return result


def array(name: str, value: Any, ndim: int) -> FloatArray:
    """Return `value` as a read-only finite float64 array of `ndim` axes, or raise."""
    result = np.array(reals(name, value, ndim))
    if not np.all(np.isfinite(result)):
        raise ValueError(f"{name} must be finite, got {np.sum(~np.isfinite(result))} entries that are not")
    result.flags.writeable = False
    return result


def without_mask(name: str, value: Any) -> None:
    """Raise if `value` is a masked array, whose mask would be lost."""
    if np.ma.isMaskedArray(value):
        raise TypeError(f"{name} must be an array without a mask: fill or drop its masked entries first")


def count_text(count: int) -> str:
    """A number of things for a message, as a power of two where its digits would not be read."""
    return str(count) if count < 10**15 else f"about 2**{count.bit_length() - 1}"


def step_counts(steps: Any) -> list[int]:
    """Increasing numbers of steps, after a check."""
    wanted = [integer("steps entry", n) for n in np.atleast_1d(np.asarray(steps)).tolist()]
    if np.any(np.diff(wanted) <= 0):
        raise ValueError("steps must be increasing")
    return wanted


def choice(name: str, value: Any, allowed: Iterable[str]) -> str:
    """Return `value` if it is one of the `allowed` strings, or raise."""
    options = sorted(allowed)
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, one of {options}, got {type(value).__name__}")
    if value not in options:
        raise ValueError(f"{name} must be one of {options}, got {value!r}")
    return value


def instance(name: str, value: Any, kinds: tuple[type, ...]) -> None:
    """Raise unless `value` is an instance of one of `kinds`."""
    if not isinstance(value, kinds):
        allowed = " or ".join(kind.__name__ for kind in kinds)
        raise TypeError(f"{name} must be {allowed}, got {type(value).__name__}")
