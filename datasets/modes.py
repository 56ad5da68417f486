r"""The modes of any data: directions that training by the gradient does not couple.

With the inputs :math:`X = L\, s\, R^\top` the gradient sees the targets through :math:`M = Y R` alone, since
:math:`\Sigma_{yx} = M s L^\top / N`. Modes learn independently of each other where the columns of M that belong to
different singular values are orthogonal, which says that :math:`\Sigma_x` and :math:`\Sigma_{yx}^\top\Sigma_{yx}`
commute. Among equal singular values the basis is free, and the singular vectors of the part of M turn it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..validation import FloatArray
from .data import ModeBasis
from .items import rotated

COUPLING_TOLERANCE = 1e-9
DEGENERACY_TOLERANCE = 1e-8
EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Decomposition:
    """Inputs in singular value decomposition, and the targets along their right singular vectors.

    Attributes
    ----------
    left : ndarray, shape (input features, rank)
    singular : ndarray, shape (rank,)
        In decreasing order.
    targets : ndarray, shape (output features, rank)
        Columns of equal singular values are orthogonal.
    groups : tuple of slice
        Columns of equal singular values.
    rounding : ndarray, shape (rank,)
        Relative rounding error of each singular value.
    unseen : ndarray, shape (output features, items)
        What of the targets no input explains.
    error : ndarray, shape (rank,)
        Rounding error of each column of the targets: vectors mix with those of other singular values, in proportion
        to the inverse gap.
    """

    left: FloatArray
    singular: FloatArray
    targets: FloatArray
    groups: tuple[slice, ...]
    rounding: FloatArray
    unseen: FloatArray
    error: FloatArray


def modes(X: FloatArray, Y: FloatArray) -> ModeBasis:
    """The modes of data, in order of decreasing singular value; none where training couples them.

    Parameters
    ----------
    X, Y : ndarray, shapes (input features, items) and (output features, items)

    Returns
    -------
    ModeBasis
    """
    parts = _decompose(X, Y)
    if not _is_decoupled(parts):
        return ModeBasis(np.zeros((len(Y), 0)), np.zeros((len(X), 0)), {}, decoupled=False, decoupled_by_gradient=False)
    length = np.linalg.norm(parts.targets, axis=0)
    present = np.flatnonzero(length > parts.error)
    lam = parts.singular[present] * length[present]
    error = parts.rounding[present] + parts.error[present] / length[present]
    rank = _ranks(lam, error)
    order = np.lexsort((-parts.singular[present], rank))
    chosen = present[order]
    starts = _edges(rank[order], parts.singular[chosen], error[order])
    return ModeBasis(
        U=_orthonormal(parts.targets[:, chosen] / length[chosen], np.argsort(-lam[order], kind="stable")),
        V=parts.left[:, chosen],
        classes={f"mode_{i + 1}": slice(*span) for i, span in enumerate(pairwise(starts))},
        decoupled=_explains_its_outputs(parts),
    )


def _decompose(X: FloatArray, Y: FloatArray) -> Decomposition:
    X, Y = rotated(_scaled(X), _scaled(Y))
    left, singular, right = np.linalg.svd(X, full_matrices=False)
    rank = int(np.sum(singular > max(X.shape) * EPS * singular[0]))
    left, singular, targets = left[:, :rank].copy(), singular[:rank], Y @ right[:rank].T
    unseen = Y - targets @ right[:rank]
    rounding = max(*X.shape, *Y.shape) * EPS * np.max(singular, initial=0.0)
    close = -np.diff(singular) <= COUPLING_TOLERANCE * singular[:-1] + rounding
    stops = [0, *(np.flatnonzero(~close) + 1).tolist(), rank]
    groups = tuple(slice(*span) for span in pairwise(stops) if span[0] < span[1])
    gap = np.abs(singular[:, None] - singular)
    for group in groups:
        turn = np.linalg.svd(targets[:, group])[2].T
        left[:, group], targets[:, group] = left[:, group] @ turn, targets[:, group] @ turn
        gap[group, group] = np.inf
    mixed = np.linalg.norm(targets, axis=0) @ (rounding / gap)
    error = (
        mixed + rounding * np.linalg.norm(unseen) / singular + max(*X.shape, *Y.shape) * EPS * float(np.linalg.norm(Y))
    )
    return Decomposition(left, singular, targets, groups, rounding / singular, unseen, error)


def _scaled(data: FloatArray) -> FloatArray:
    """The same data in a unit, a power of two, in which squares neither overflow nor vanish."""
    return np.ldexp(data, -math.frexp(float(np.max(np.abs(data))))[1])


def _is_decoupled(parts: Decomposition) -> bool:
    """Whether targets along inputs of different singular value are orthogonal, up to rounding."""
    length = np.linalg.norm(parts.targets, axis=0)
    overlap = np.abs(parts.targets.T @ parts.targets)
    for group in parts.groups:
        overlap[group, group] = 0.0
    rounding = length[:, None] * parts.error + parts.error[:, None] * length
    return bool(np.all(overlap <= COUPLING_TOLERANCE * length[:, None] * length + rounding))


def _explains_its_outputs(parts: Decomposition) -> bool:
    """Whether the outputs of the modes are orthogonal to all that no input explains, up to rounding."""
    length, size = np.linalg.norm(parts.targets, axis=0), float(np.linalg.norm(parts.unseen))
    overlap = np.linalg.norm(parts.targets.T @ parts.unseen, axis=1)
    rounding = parts.error * size + np.max(parts.error, initial=0.0) * length
    return bool(np.all(overlap <= COUPLING_TOLERANCE * length * size + rounding))


def _ranks(values: FloatArray, error: FloatArray) -> FloatArray:
    """Place of each value in decreasing order, the same for values that differ by no more than their error."""
    order = np.argsort(-values, kind="stable")
    places = np.concatenate([[0], np.cumsum(_differ(values[order], error[order]))])[: len(values)]
    ranks = np.empty(len(values))
    ranks[order] = places
    return ranks


def _edges(rank: FloatArray, singular: FloatArray, error: FloatArray) -> list[int]:
    """Where a class of modes of equal values begins, and the end."""
    new = np.flatnonzero((np.diff(rank) > 0) | _differ(singular, error)) + 1
    return [0, *new.tolist(), len(rank)] if len(rank) else [0]


def _differ(values: FloatArray, error: FloatArray) -> NDArray[np.bool_]:
    """Whether neighbours differ by more than their relative errors."""
    larger = np.maximum(values[:-1], values[1:])
    return np.asarray(np.abs(np.diff(values)) > (DEGENERACY_TOLERANCE + np.maximum(error[:-1], error[1:])) * larger)


def _orthonormal(U: FloatArray, strongest_first: NDArray[np.intp]) -> FloatArray:
    """Remove what rounding leaves of stronger modes in weaker ones."""
    Q, triangle = np.linalg.qr(U[:, strongest_first])
    result = np.empty_like(U)
    result[:, strongest_first] = Q * np.sign(np.diagonal(triangle))
    return result
