"""The minimal space of systematicity datasets."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..validation import FloatArray, integer, real
from .data import Blocks, Data, ModeBasis, unit_columns
from .walsh import sign_features, walsh_functions, walsh_transform

if TYPE_CHECKING:
    from scipy.sparse.linalg import LinearOperator

CLASS_NAMES = ("sign_to_sign", "sign_to_identity", "identity_to_identity", "identity_to_sign")


@dataclass(frozen=True, init=False, repr=False)
class SystematicityDataset(Data):
    r"""All sign patterns with identity blocks, on the input and on the output side.

    There are :math:`N = 2^{b}` items, one for each pattern of b bits. With the sign features
    :math:`\Omega_{ij} = \pm 1`,

    .. math:: X = \begin{bmatrix}\Omega_x \\ r_x I \\ \vdots \\ r_x I\end{bmatrix}, \qquad
              Y = \begin{bmatrix}\Omega_y \\ r_y I \\ \vdots \\ r_y I\end{bmatrix}

    with :math:`k_x` and :math:`k_y` identity blocks. The sign features are the compositional part of the
    dataset; the identity blocks, which name every item separately, are its non-compositional part.

    Parameters
    ----------
    n_x, n_y : int
        Number of sign features among the inputs and among the outputs.
    k_x, k_y : int
        Number of identity blocks among the inputs and among the outputs.
    r : float, default 1.0
        Scale of the identity blocks. The sign of r is allowed and does not enter any spectrum.
    r_y : float, optional
        Scale of the output identity blocks, when it differs from that of the input blocks.
    n_bits : int, optional
        Number b of index bits; ``max(n_x, n_y)`` unless given (or what the chosen sign features need).
    input_signs, output_signs : tuple of int, optional
        Which bits enter as sign features (n_x of them) and which leave (n_y); the lowest ones unless given.
    dense_limit : int, default 2**26
        The most entries that a dense X, Y or correlation may have.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range; if there is no input or no output feature; on
        access to a dense array above `dense_limit`.

    See Also
    --------
    Dataset : Data of any origin.
    HeldOut : Some of its items, the others held out.

    Notes
    -----
    Source: "On The Specialization of Neural Modules" (Jarvis, Klein, Rosman, Saxe; ICLR 2023), the space of
    datasets. The choice of bits, `n_bits` and separate scales extend it.

    Examples
    --------
    >>> dataset = SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1)
    >>> dataset
    SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1, r=1.0)
    >>> dataset.X.shape, dataset.Y.shape, dataset.n_items
    ((27, 8), (9, 8), 8)
    >>> dataset.input_blocks["gamma_x"]
    slice(3, 27, None)
    """

    n_x: int
    n_y: int
    k_x: int
    k_y: int
    r: float
    r_y: float
    n_bits: int
    input_signs: tuple[int, ...]
    output_signs: tuple[int, ...]
    dense_limit: int = field(compare=False)

    def __init__(
        self,
        n_x: int,
        n_y: int,
        k_x: int,
        k_y: int,
        r: float = 1.0,
        *,
        r_y: float | None = None,
        n_bits: int | None = None,
        input_signs: Iterable[int] | None = None,
        output_signs: Iterable[int] | None = None,
        dense_limit: int = 2**26,
    ) -> None:
        ins = _bits("input_signs", input_signs, "n_x", integer("n_x", n_x))
        outs = _bits("output_signs", output_signs, "n_y", integer("n_y", n_y))
        needed = max((0, *(bit + 1 for bit in ins + outs)))
        values = {
            "n_x": len(ins),
            "n_y": len(outs),
            "k_x": integer("k_x", k_x),
            "k_y": integer("k_y", k_y),
            "r": real("r", r),
            "r_y": real("r" if r_y is None else "r_y", r if r_y is None else r_y),
            "n_bits": needed if n_bits is None else integer("n_bits", n_bits, max(1, needed)),
            "input_signs": ins,
            "output_signs": outs,
            "dense_limit": integer("dense_limit", dense_limit, 1),
        }
        if values["n_bits"] == 0:
            raise ValueError("n_bits must be given when there is no sign feature (n_x = 0 and n_y = 0)")
        if not ins and not values["k_x"]:
            raise ValueError("k_x must be at least 1 when n_x is 0: there is no input feature")
        if not outs and not values["k_y"]:
            raise ValueError("k_y must be at least 1 when n_y is 0: there is no output feature")
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        text = f"n_x={self.n_x}, n_y={self.n_y}, k_x={self.k_x}, k_y={self.k_y}, r={self.r}"
        if self.r_y != self.r:
            text += f", r_y={self.r_y}"
        if self.input_signs != tuple(range(self.n_x)):
            text += f", input_signs={self.input_signs}"
        if self.output_signs != tuple(range(self.n_y)):
            text += f", output_signs={self.output_signs}"
        if self.n_bits != max((0, *(bit + 1 for bit in self.input_signs + self.output_signs))):
            text += f", n_bits={self.n_bits}"
        return f"SystematicityDataset({text})"

    @property
    def in_space(self) -> SystematicityDataset:
        """The dataset itself, which is a member of the space."""
        return self

    @property
    def n_items(self) -> int:
        """Number of items, N = 2**n_bits."""
        return 1 << self.n_bits

    @property
    def input_blocks(self) -> Blocks:
        """Input features by block: the sign features ``omega_x``, the identity blocks ``gamma_x``."""
        return {
            "omega_x": slice(0, self.n_x),
            "gamma_x": slice(self.n_x, self.n_x + self.k_x * self.n_items),
        }

    @property
    def output_blocks(self) -> Blocks:
        """Output features by block: the sign features ``omega_y``, the identity blocks ``gamma_y``."""
        return {
            "omega_y": slice(0, self.n_y),
            "gamma_y": slice(self.n_y, self.n_y + self.k_y * self.n_items),
        }

    @cached_property
    def X(self) -> FloatArray:
        """Inputs, shape (n_x + k_x N, N), read-only."""
        return self._features("X", self.input_signs, self.k_x, self.r)

    @cached_property
    def Y(self) -> FloatArray:
        """Target outputs, shape (n_y + k_y N, N), read-only."""
        return self._features("Y", self.output_signs, self.k_y, self.r_y)

    @cached_property
    def sigma_x(self) -> FloatArray:
        r"""Input correlation :math:`\Sigma_x = X X^\top / N`."""
        self._check_size("sigma_x", self.n_inputs, self.n_inputs)
        return super().sigma_x

    @cached_property
    def sigma_yx(self) -> FloatArray:
        r"""Input-output correlation :math:`\Sigma_{yx} = Y X^\top / N`."""
        self._check_size("sigma_yx", self.n_outputs, self.n_inputs)
        return super().sigma_yx

    @cached_property
    def sigma_y(self) -> FloatArray:
        r"""Output correlation :math:`\Sigma_y = Y Y^\top / N`."""
        self._check_size("sigma_y", self.n_outputs, self.n_outputs)
        return super().sigma_y

    @property
    def is_decoupled(self) -> bool:
        """True: all datasets of this space are diagonal in the Walsh functions."""
        return True

    @property
    def is_decoupled_by_gradient(self) -> bool:
        """True, as `is_decoupled`."""
        return True

    @property
    def input_operator(self) -> LinearOperator:
        """X as a linear operator that applies X and X' in O(N log N + k_x N), without forming X."""
        return _structured(self.input_signs, self.k_x, self.r, self.n_items)

    @property
    def output_operator(self) -> LinearOperator:
        """Y as a linear operator that applies Y and Y' in O(N log N + k_y N), without forming Y."""
        return _structured(self.output_signs, self.k_y, self.r_y, self.n_items)

    @cached_property
    def class_masks(self) -> dict[str, FloatArray]:
        """Walsh masks of the modes of each class; only modes that both X and Y contain, and no empty class."""
        sign_in = {1 << bit for bit in self.input_signs}
        sign_out = {1 << bit for bit in self.output_signs}
        identity_in = self.k_x > 0 and self.r != 0
        identity_out = self.k_y > 0 and self.r_y != 0
        self._check_size("the list of modes", 1, self.n_items)
        rest = set(range(self.n_items)) - sign_in - sign_out if identity_in and identity_out else set()
        masks = (
            sign_in & sign_out,
            sign_in - sign_out if identity_out else set(),
            rest,
            sign_out - sign_in if identity_in else set(),
        )
        return {name: np.array(sorted(members)) for name, members in zip(CLASS_NAMES, masks, strict=True) if members}

    @cached_property
    def mode_basis(self) -> ModeBasis:
        r"""The modes :math:`v_m = X z_m / |X z_m|`, :math:`u_m = Y z_m / |Y z_m|` of the Walsh functions :math:`z_m`.

        Modes that X or Y does not contain have no singular vectors and are left out. The order is by class,
        then by mask.
        """
        self._check_size("the mode basis", max(self.n_inputs, self.n_outputs), self.n_items)
        masks = list(self.class_masks.values())
        items = walsh_functions(self.n_bits, np.concatenate(masks) if masks else np.zeros(0, dtype=np.int64))
        return ModeBasis(
            U=unit_columns(self.output_operator.matmat(items)),
            V=unit_columns(self.input_operator.matmat(items)),
            classes=consecutive({name: len(members) for name, members in self.class_masks.items()}),
            decoupled=True,
        )

    def _features(self, name: str, bits: tuple[int, ...], copies: int, scale: float) -> FloatArray:
        self._check_size(name, len(bits) + copies * self.n_items, self.n_items)
        identity = np.tile(scale * np.eye(self.n_items), (copies, 1))
        features = np.concatenate([sign_features(self.n_bits, bits), identity])
        features.flags.writeable = False
        return features

    def _check_size(self, name: str, rows: int, columns: int) -> None:
        if rows * columns > self.dense_limit:
            raise ValueError(
                f"{name} of {self!r} would be a dense array above dense_limit={self.dense_limit} entries"
                " (raise dense_limit, or use input_operator and output_operator)"
            )


def consecutive(sizes: dict[str, int]) -> dict[str, slice]:
    """Lay named blocks of the given sizes one after the other.

    Parameters
    ----------
    sizes : dict of str to int
        Number of features of each block.

    Returns
    -------
    dict of str to slice
        Where each block lies.

    See Also
    --------
    SystematicityDataset : The dataset whose blocks these are.

    Examples
    --------
    >>> consecutive({"a": 2, "b": 3})
    {'a': slice(0, 2, None), 'b': slice(2, 5, None)}
    """
    stops = np.cumsum([0, *sizes.values()])
    return {name: slice(int(stops[i]), int(stops[i + 1])) for i, name in enumerate(sizes)}


def _bits(name: str, bits: Iterable[int] | None, count_name: str, count: int) -> tuple[int, ...]:
    if bits is None:
        return tuple(range(count))
    try:
        chosen = tuple(integer(f"{name} entry", bit) for bit in bits)
    except TypeError as error:
        raise TypeError(f"{name} must be a sequence of bit numbers, got {bits!r}") from error
    if len(set(chosen)) != count or len(chosen) != count:
        raise ValueError(f"{name} must name {count_name}={count} different bits, got {chosen}")
    return chosen


def _structured(bits: tuple[int, ...], copies: int, scale: float, n_items: int) -> LinearOperator:
    from scipy.sparse.linalg import LinearOperator  # slow to import

    masks = [1 << bit for bit in bits]
    root = math.sqrt(n_items)

    def forward(items: FloatArray) -> FloatArray:
        columns = items.reshape(n_items, -1)
        signs = root * walsh_transform(columns.T).T[masks]
        return np.concatenate([signs, np.tile(scale * columns, (copies, 1))])

    def backward(features: FloatArray) -> FloatArray:
        rows = features.reshape(len(masks) + copies * n_items, -1)
        spectrum = np.zeros((rows.shape[1], n_items))
        spectrum[:, masks] = root * rows[: len(masks)].T
        identity = rows[len(masks) :].reshape(copies, n_items, rows.shape[1]).sum(axis=0)
        return np.asarray(walsh_transform(spectrum).T + scale * identity)

    return LinearOperator(
        shape=(len(masks) + copies * n_items, n_items),
        dtype=np.float64,
        matvec=lambda item: forward(item).ravel(),
        rmatvec=lambda feature: backward(feature).ravel(),
        matmat=forward,
        rmatmat=backward,
    )
