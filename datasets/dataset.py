"""Any data with named blocks, behind the same interface as the dataset space."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh

from ..validation import FloatArray, array, instance
from .data import Blocks, Data, ModeBasis, unit_columns

COMMUTATOR_TOLERANCE = 1e-9
DEGENERACY_TOLERANCE = 1e-8


class Dataset(Data):
    r"""Inputs and target outputs of any origin.

    Parameters
    ----------
    X : array_like, shape (input features, items)
    Y : array_like, shape (output features, items)
    input_blocks, output_blocks : mapping of str to slice, optional
        Names for consecutive blocks of features that together cover all of them; one block ``"x"`` and one
        block ``"y"`` unless given.

    Raises
    ------
    TypeError, ValueError
        If X or Y is not a finite real matrix, if they differ in the number of items, or if blocks do not
        cover the features in order.

    See Also
    --------
    SystematicityDataset : The dataset space of the theory.
    HeldOut : Some items of a dataset, the others held out.

    Notes
    -----
    When X'X and Y'Y commute (relative commutator below 1e-9), the modes are their joint eigenvectors, as in
    the dataset space, and each learns by itself. Otherwise the modes are the singular vectors of
    :math:`\Sigma_{yx}`, which the dynamics of learning couples (``mode_basis.decoupled`` is False).

    Examples
    --------
    >>> data = Dataset(X=[[1.0, -1.0], [1.0, 1.0]], Y=[[2.0, -2.0]])
    >>> data
    Dataset(2 items, inputs: x (2), outputs: y (1))
    >>> data.sigma_yx
    array([[2., 0.]])
    """

    def __init__(
        self,
        X: ArrayLike,
        Y: ArrayLike,
        *,
        input_blocks: Mapping[str, slice] | None = None,
        output_blocks: Mapping[str, slice] | None = None,
    ) -> None:
        self._X = array("X", X, 2)
        self._Y = array("Y", Y, 2)
        if 0 in self._X.shape or 0 in self._Y.shape:
            raise ValueError(f"X and Y must not be empty, got shapes {self._X.shape} and {self._Y.shape}")
        if self._X.shape[1] != self._Y.shape[1]:
            raise ValueError(
                f"X and Y must have the same number of items (columns), got {self._X.shape[1]} and {self._Y.shape[1]}"
            )
        self._input_blocks = _covering("input_blocks", input_blocks or {"x": slice(0, len(self._X))}, len(self._X))
        self._output_blocks = _covering("output_blocks", output_blocks or {"y": slice(0, len(self._Y))}, len(self._Y))

    def __repr__(self) -> str:
        sides = (
            ", ".join(f"{name} ({block.stop - block.start})" for name, block in blocks.items())
            for blocks in (self.input_blocks, self.output_blocks)
        )
        return "Dataset({} items, inputs: {}, outputs: {})".format(self.n_items, *sides)

    @property
    def X(self) -> FloatArray:
        """Inputs, shape (input features, items), read-only."""
        return self._X

    @property
    def Y(self) -> FloatArray:
        """Target outputs, shape (output features, items), read-only."""
        return self._Y

    @property
    def n_items(self) -> int:
        """Number of items N."""
        return int(self._X.shape[1])

    @property
    def input_blocks(self) -> Blocks:
        """Named blocks of input features."""
        return self._input_blocks

    @property
    def output_blocks(self) -> Blocks:
        """Named blocks of output features."""
        return self._output_blocks

    @cached_property
    def mode_basis(self) -> ModeBasis:
        """The modes, in order of decreasing singular value; classes ``mode_1``, ``mode_2``, ... of equal values."""
        X, Y = _row_space(self.X, self.Y)
        gram_x, gram_y = X.T @ X, Y.T @ Y
        scale = np.linalg.norm(gram_x) * np.linalg.norm(gram_y)
        if np.linalg.norm(gram_x @ gram_y - gram_y @ gram_x) <= COMMUTATOR_TOLERANCE * scale:
            return _joint_modes(X, Y, self.n_items)
        return _singular_modes(self.sigma_yx)


def _covering(name: str, blocks: Mapping[str, slice], n_features: int) -> Blocks:
    instance(name, blocks, (Mapping,))
    edge = 0
    for label, block in blocks.items():
        if not isinstance(block, slice) or block.step not in (None, 1) or isinstance(block.stop, str | float):
            raise TypeError(f"{name}[{label!r}] must be a slice with step 1, got {block!r}")
        if block.start != edge or block.stop is None or block.stop < edge:
            raise ValueError(f"{name}[{label!r}] must be a slice that starts at {edge}, got {block!r}")
        edge = block.stop
    if edge != n_features:
        raise ValueError(f"{name} must cover all {n_features} features, got blocks up to {edge}")
    return dict(blocks)


def _row_space(X: FloatArray, Y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rotate the items so that only as many are left as the features span; Gram matrices keep their relations."""
    if X.shape[1] <= len(X) + len(Y):
        return X, Y
    upper = cast(FloatArray, np.linalg.qr(np.concatenate([X, Y]).T, mode="r"))
    lower = upper.T
    return lower[: len(X)], lower[len(X) :]


def _joint_modes(X: FloatArray, Y: FloatArray, n_items: int) -> ModeBasis:
    gram_x, gram_y = X.T @ X / n_items, Y.T @ Y / n_items
    scale_x, scale_y = np.trace(gram_x) or 1.0, np.trace(gram_y) or 1.0
    incommensurate = (1 + 5**0.5) / 2
    _, items = eigh(gram_x / scale_x + incommensurate * gram_y / scale_y)
    delta = np.sum(items * (gram_x @ items), axis=0)
    sigma = np.sum(items * (gram_y @ items), axis=0)
    present = np.flatnonzero((delta > DEGENERACY_TOLERANCE * scale_x) & (sigma > DEGENERACY_TOLERANCE * scale_y))
    lam = np.sqrt(delta[present] * sigma[present])
    order = present[np.lexsort((-delta[present], -_rounded(lam)))]
    U, V = unit_columns(Y @ items[:, order]), unit_columns(X @ items[:, order])
    return ModeBasis(U=U, V=V, classes=_classes(np.sqrt(delta[order] * sigma[order]), delta[order]), decoupled=True)


def _singular_modes(sigma_yx: FloatArray) -> ModeBasis:
    U, values, Vt = np.linalg.svd(sigma_yx, full_matrices=False)
    rank = int(np.sum(values > DEGENERACY_TOLERANCE * max(values[0], np.finfo(float).tiny)))
    classes = {f"mode_{i + 1}": slice(i, i + 1) for i in range(rank)}
    return ModeBasis(U=U[:, :rank], V=Vt[:rank].T, classes=classes, decoupled=False)


def _rounded(values: FloatArray) -> FloatArray:
    """Make values equal that differ by rounding alone, so that they sort together."""
    if values.size == 0:
        return values
    step = DEGENERACY_TOLERANCE * values.max()
    return np.asarray(np.round(values / step) * step)


def _classes(lam: FloatArray, delta: FloatArray) -> dict[str, slice]:
    def differ(values: FloatArray) -> NDArray[np.bool_]:
        step = 2 * DEGENERACY_TOLERANCE * np.max(np.abs(values), initial=np.finfo(float).tiny)
        return np.asarray(np.abs(np.diff(values)) > step)

    edges = [0, *(np.flatnonzero(differ(lam) | differ(delta)) + 1).tolist(), len(lam)]
    spans = [(start, stop) for start, stop in pairwise(edges) if stop > start]
    return {f"mode_{i + 1}": slice(start, stop) for i, (start, stop) in enumerate(spans)}
