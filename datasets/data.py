"""What every dataset offers: items in columns, named blocks of features, correlations, a basis of modes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..markup import card, paragraph, table
from ..validation import FloatArray, count_text
from .items import Axes, axes_of, rotated

if TYPE_CHECKING:
    from .systematicity import SystematicityDataset

Blocks = Mapping[str, slice]


@dataclass(frozen=True, eq=False)
class ModeBasis:
    r"""The modes of a dataset: paired directions of input and output space, grouped in classes.

    In a mode :math:`\alpha` the network learns the map :math:`\pi_\alpha u_\alpha v_\alpha^\top`. The modes of
    one class share their correlations :math:`\lambda` and :math:`\delta`.

    Attributes
    ----------
    U : ndarray, shape (output features, modes)
        Output singular vectors, orthonormal columns.
    V : ndarray, shape (input features, modes)
        Input singular vectors, orthonormal columns.
    classes : mapping of str to slice
        The columns of each class; together they cover all modes in order.
    decoupled : bool
        Whether X'X and Y'Y commute: the modes diagonalise :math:`\Sigma_x` and :math:`\Sigma_y` too, so that neither
        the gradient nor a learning rule couples them, and :math:`\lambda^2 = \delta\sigma`.
    decoupled_by_gradient : bool, default True
        Whether :math:`\Sigma_x` and :math:`\Sigma_{yx}^\top\Sigma_{yx}` commute: the modes diagonalise
        :math:`\Sigma_x`, so that the gradient does not couple them. Otherwise the basis is empty.

    See Also
    --------
    Data : The data that have these modes.
    """

    U: FloatArray
    V: FloatArray
    classes: Blocks
    decoupled: bool
    decoupled_by_gradient: bool = True

    @property
    def n_modes(self) -> int:
        """Number of modes."""
        return int(self.U.shape[1])


class Data(ABC):
    """The interface that all datasets share.

    See Also
    --------
    Dataset : Data of any origin.
    SystematicityDataset : The dataset space, which never builds its matrices.

    Examples
    --------
    >>> from linmod import SystematicityDataset
    >>> SystematicityDataset(3, 1, 3, 1).is_decoupled
    True
    """

    @property
    @abstractmethod
    def X(self) -> FloatArray:
        """Inputs, shape (input features, items)."""

    @property
    @abstractmethod
    def Y(self) -> FloatArray:
        """Target outputs, shape (output features, items)."""

    @property
    @abstractmethod
    def n_items(self) -> int:
        """Number of items N."""

    @property
    @abstractmethod
    def input_blocks(self) -> Blocks:
        """Named blocks of input features; together they cover all features in order."""

    @property
    @abstractmethod
    def output_blocks(self) -> Blocks:
        """Named blocks of output features; together they cover all features in order."""

    @property
    @abstractmethod
    def mode_basis(self) -> ModeBasis:
        """The modes of the dataset."""

    @property
    def in_space(self) -> SystematicityDataset | None:
        """These data as a member of the space of systematicity datasets; None for other data."""
        return None

    def _repr_html_(self) -> str:
        sides = {"input": self.input_blocks, "output": self.output_blocks}
        rows = [
            (side, name, count_text(block.stop - block.start))
            for side, of in sides.items()
            for name, block in of.items()
        ]
        return card(repr(self), paragraph(f"{count_text(self.n_items)} items"), table(("", "block", "features"), rows))

    @property
    def is_decoupled(self) -> bool:
        """Whether X'X and Y'Y commute, so that neither the gradient nor a learning rule couples modes."""
        return self.mode_basis.decoupled

    @property
    def is_decoupled_by_gradient(self) -> bool:
        """Whether Sigma_x and Sigma_yx' Sigma_yx commute, so that the gradient does not couple modes."""
        return self.mode_basis.decoupled_by_gradient

    @property
    def n_inputs(self) -> int:
        """Number of input features."""
        return max(int(block.stop) for block in self.input_blocks.values())

    @property
    def n_outputs(self) -> int:
        """Number of output features."""
        return max(int(block.stop) for block in self.output_blocks.values())

    @cached_property
    def rotated_items(self) -> tuple[FloatArray, FloatArray]:
        """X and Y, rotated among items so that no more are left than there are features: shapes (features, fewer)."""
        return rotated(self.X, self.Y)

    @cached_property
    def axes(self) -> Axes:
        """The principal axes of the inputs."""
        return axes_of(*self.rotated_items, self.n_items)

    @cached_property
    def sigma_x(self) -> FloatArray:
        r"""Input correlation :math:`\Sigma_x = X X^\top / N`, shape (input features, input features)."""
        return self.X @ self.X.T / self.n_items

    @cached_property
    def sigma_yx(self) -> FloatArray:
        r"""Input-output correlation :math:`\Sigma_{yx} = Y X^\top / N`, shape (output features, input features)."""
        return self.Y @ self.X.T / self.n_items

    @cached_property
    def sigma_y(self) -> FloatArray:
        r"""Output correlation :math:`\Sigma_y = Y Y^\top / N`, shape (output features, output features)."""
        return self.Y @ self.Y.T / self.n_items


def unit_columns(columns: FloatArray) -> FloatArray:
    """Scale each column to length one."""
    return np.asarray(columns / np.linalg.norm(columns, axis=0))
