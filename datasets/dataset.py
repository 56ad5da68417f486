"""Any data with named blocks, behind the same interface as the dataset space."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from numbers import Integral

from numpy.typing import ArrayLike

from ..validation import FloatArray, array, instance
from .data import Blocks, Data, ModeBasis
from .modes import modes


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
    Where :math:`\Sigma_x` and :math:`\Sigma_{yx}^\top\Sigma_{yx}` commute, the modes are the singular vectors of
    :math:`\Sigma_{yx}` that are eigenvectors of :math:`\Sigma_x` too, as in the dataset space; training does not
    couple them. This holds for whitened inputs with any outputs. Otherwise there are no modes
    (``is_decoupled_by_gradient`` is False): training couples all directions, and no choice of them is unique.

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
        return modes(*self.rotated_items)


def _covering(name: str, blocks: Mapping[str, slice], n_features: int) -> Blocks:
    instance(name, blocks, (Mapping,))
    edge, covered = 0, dict[str, slice]()
    for label, block in blocks.items():
        bounds = (block.start, block.stop) if isinstance(block, slice) else ("",)
        if not all(bound is None or isinstance(bound, Integral) for bound in bounds) or block.step not in (None, 1):
            raise TypeError(f"{name}[{label!r}] must be a slice with step 1, got {block!r}")
        start = block.indices(n_features)[0]
        stop = n_features if block.stop is None else int(block.stop) + (n_features if block.stop < 0 else 0)
        if start != edge or stop < edge:
            raise ValueError(f"{name}[{label!r}] must be a slice that starts at {edge}, got {block!r}")
        covered[label] = slice(start, stop)
        edge = stop
    if edge != n_features:
        raise ValueError(f"{name} must cover all {n_features} features, got blocks up to {edge}")
    return covered
