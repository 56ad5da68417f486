"""The spectrum of a dataset: its classes of modes with multiplicity and correlations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..datasets import CLASS_NAMES, Data, SystematicityDataset, walsh_functions
from ..markup import card, table
from ..problem import BlockPair
from ..validation import FloatArray, choice, count_text, instance

PER_MODE = ("lam", "delta", "sigma", "pi_star")


@dataclass(frozen=True)
class ModeClass:
    r"""Modes that share their correlations.

    Attributes
    ----------
    name : str
    count : int
        Multiplicity, the number of modes.
    lam : float
        Singular value :math:`\lambda` of the input-output correlation :math:`\Sigma_{yx}`.
    delta : float
        Eigenvalue :math:`\delta` of the input correlation :math:`\Sigma_x`.
    sigma : float
        Eigenvalue :math:`\sigma` of the output correlation :math:`\Sigma_y`.
    pi_star : float
        Effective singular value after learning, :math:`\pi^* = \lambda/\delta`; NaN where there is no mode.
    learnable : bool
        Whether both X and Y contain these directions; otherwise they have no singular vectors.
    total_delta, total_sigma : float
        ``count * delta`` and ``count * sigma``, finite also where the count exceeds the range of floats.
    shares : mapping of (input block, output block) to float
        Share of the squared norm of :math:`u v^\top` in each block; empty unless the same for all modes of the
        class, without overlap between classes.

    See Also
    --------
    spectrum : All classes of modes of a dataset.
    """

    name: str
    count: int
    lam: float
    delta: float
    sigma: float
    pi_star: float
    learnable: bool
    total_delta: float = field(repr=False)
    total_sigma: float = field(repr=False)
    shares: Mapping[BlockPair, float] = field(repr=False, default_factory=dict)

    def __repr__(self) -> str:
        values = {"name": repr(self.name), "count": count_text(self.count)}
        values |= {name: repr(getattr(self, name)) for name in (*PER_MODE, "learnable")}
        return f"ModeClass({', '.join(f'{name}={text}' for name, text in values.items())})"


@dataclass(frozen=True)
class Spectrum:
    """All classes of modes of a dataset, those without singular vectors included.

    Attributes
    ----------
    classes : tuple of ModeClass
        Together they hold one direction for each item (or for each singular vector, of a general dataset).

    See Also
    --------
    spectrum : The spectrum of a dataset.
    """

    classes: tuple[ModeClass, ...]

    @property
    def learnable(self) -> tuple[ModeClass, ...]:
        """The classes that have singular vectors."""
        return tuple(mode_class for mode_class in self.classes if mode_class.learnable)

    @property
    def n_modes(self) -> int:
        """Number of modes that can be learned."""
        return sum(mode_class.count for mode_class in self.learnable)

    def _repr_html_(self) -> str:
        header = ("class", "modes", "lambda", "delta", "sigma", "pi*", "learnable")
        rows = [
            (
                c.name,
                count_text(c.count),
                *(f"{getattr(c, name):.6g}" for name in PER_MODE),
                "yes" if c.learnable else "no",
            )
            for c in self.classes
        ]
        return card(f"Spectrum, {count_text(self.n_modes)} modes", table(header, rows))

    def __getitem__(self, name: str) -> ModeClass:
        choice("class name", name, [mode_class.name for mode_class in self.classes])
        return next(mode_class for mode_class in self.classes if mode_class.name == name)

    def per_mode(self, quantity: str) -> FloatArray:
        """Return one value for each learnable mode, in the order of ``mode_basis``; shape (modes,)."""
        choice("quantity", quantity, PER_MODE)
        values = [np.full(mode_class.count, getattr(mode_class, quantity)) for mode_class in self.learnable]
        return np.concatenate([np.zeros(0), *values])


def spectrum(dataset: Data) -> Spectrum:
    r"""Return the classes of modes of a dataset with multiplicity, :math:`\lambda`, :math:`\delta` and :math:`\sigma`.

    In the dataset space, with :math:`N = 2^b` items, :math:`c_x = k_x r^2` and :math:`c_y = k_y r_y^2`, a Walsh
    function has :math:`\delta = s_x + c_x/N` and :math:`\sigma = s_y + c_y/N`, where :math:`s_x = 1` if it is an
    input sign feature and :math:`s_y = 1` if it is an output sign feature (else 0), and
    :math:`\lambda = \sqrt{\delta\sigma}`. Source: "On The Specialization of Neural Modules", singular value
    decomposition of the dataset correlations (three classes); the fourth class appears when an output sign
    feature has no input counterpart.

    Costs the same for any number of items. Values below the range of floats (N above 2**1022) underflow to 0.

    Parameters
    ----------
    dataset : SystematicityDataset or Dataset
        For a general dataset the values are taken from its ``mode_basis``.

    Returns
    -------
    Spectrum

    See Also
    --------
    singular_vectors : The vectors that belong to these values.
    module_spectra : Of each module of a network.

    Examples
    --------
    >>> from linmod import SystematicityDataset
    >>> for c in spectrum(SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1)).classes:
    ...     print(f"{c.name:21}{c.count}  lambda {c.lam:.4f}  delta {c.delta:.4f}  pi* {c.pi_star:.4f}")
    sign_to_sign         1  lambda 1.2437  delta 1.3750  pi* 0.9045
    sign_to_identity     2  lambda 0.4146  delta 1.3750  pi* 0.3015
    identity_to_identity 5  lambda 0.2165  delta 0.3750  pi* 0.5774
    >>> spectrum(SystematicityDataset(n_x=5000, n_y=10, k_x=3, k_y=1))["sign_to_sign"].lam
    1.0
    """
    instance("dataset", dataset, (Data,))
    if dataset.in_space is not None:
        return Spectrum(_systematic_classes(dataset.in_space))
    return Spectrum(_measured_classes(dataset))


def mode_vectors(dataset: Data) -> tuple[FloatArray, FloatArray]:
    """Singular vectors U, V of the modes of any data, explicit ones where they are known."""
    if dataset.in_space is not None:
        return singular_vectors(dataset.in_space)
    return dataset.mode_basis.U, dataset.mode_basis.V


def singular_vectors(dataset: SystematicityDataset) -> tuple[FloatArray, FloatArray]:
    r"""Return explicit singular vectors U, V of all learnable modes of a systematicity dataset, in class order.

    With z the mode's Walsh function, :math:`e_i` the unit vector of its sign feature (if it has one) and
    :math:`1_k \otimes z` the vector z repeated k times,

    .. math:: v = \frac{[\sqrt{N}\, e_i;\; r\, 1_{k_x} \otimes z]}{\sqrt{N + k_x r^2}} \quad\text{or}\quad
              v = \mathrm{sign}(r) \frac{[0;\; 1_{k_x} \otimes z]}{\sqrt{k_x}}

    for input sign features and for the rest; the same for u on the output side. Source: "On The Specialization of
    Neural Modules", singular value decomposition of the dataset correlations.

    Parameters
    ----------
    dataset : SystematicityDataset

    Returns
    -------
    U : ndarray, shape (output features, modes)
    V : ndarray, shape (input features, modes)

    See Also
    --------
    spectrum : The values that belong to these vectors.

    Examples
    --------
    >>> from linmod import SystematicityDataset
    >>> U, V = singular_vectors(SystematicityDataset(n_x=1, n_y=1, k_x=1, k_y=0))
    >>> V.ravel().round(4)
    array([ 0.8165,  0.4082, -0.4082])
    """
    instance("dataset", dataset, (SystematicityDataset,))
    masks = [mask for members in dataset.class_masks.values() for mask in members.tolist()]
    items = walsh_functions(dataset.n_bits, np.array(masks, dtype=np.int64))
    V = _side_vectors(items, masks, dataset.input_signs, dataset.k_x, dataset.r)
    U = _side_vectors(items, masks, dataset.output_signs, dataset.k_y, dataset.r_y)
    return U, V


def input_directions(dataset: Data) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the directions that the inputs contain, their singular values, and the items along them, as rows.

    The rank is decided on the inputs: the eigenvalues of their correlation are squares, in which a null direction and
    a small one look alike.
    """
    axes, singular, items = np.linalg.svd(dataset.X, full_matrices=False)
    rank = int(np.sum(singular > max(dataset.X.shape) * np.finfo(float).eps * np.max(singular, initial=0.0)))
    return axes[:, :rank], singular[:rank], items[:rank]


def idle_inputs(dataset: Data) -> FloatArray:
    """Return the projection on the inputs without data, shape (input features, input features)."""
    directions, _, _ = input_directions(dataset)
    return np.eye(dataset.n_inputs) - directions @ directions.T


def systematicity_ratio(dataset: SystematicityDataset) -> float:
    r"""Return the systematicity ratio of any aligned map: the sign inputs' share of the map to the sign outputs.

    .. math:: \frac{|W_{\Omega_x\Omega_y}|_F^2}{|W_{\Omega_x\Omega_y}|_F^2 + |W_{\Gamma_x\Omega_y}|_F^2}
              = \frac{N}{N + k_x r^2}

    It holds at all times from a zero or aligned start, for shallow and for deep networks, if every output
    sign feature is an input sign feature too. Source: "On The Specialization of Neural Modules", Frobenius norms
    of the learned map.

    Parameters
    ----------
    dataset : SystematicityDataset

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If there is no output sign feature, or one of them is not among the inputs.

    See Also
    --------
    block_norms : The norms behind the ratio.

    Examples
    --------
    >>> from linmod import SystematicityDataset
    >>> round(systematicity_ratio(SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1)), 6)
    0.727273
    """
    instance("dataset", dataset, (SystematicityDataset,))
    if not dataset.output_signs:
        raise ValueError("n_y must be at least 1: the systematicity ratio is 0/0 without output sign features")
    if not set(dataset.output_signs) <= set(dataset.input_signs):
        raise ValueError("output_signs must all be among input_signs for a ratio that is constant in time")
    return 1 / (1 + math.ldexp(dataset.k_x * dataset.r**2, -dataset.n_bits))


def _systematic_classes(dataset: SystematicityDataset) -> tuple[ModeClass, ...]:
    signs_in, signs_out = set(dataset.input_signs), set(dataset.output_signs)
    counts = (
        len(signs_in & signs_out),
        len(signs_in - signs_out),
        dataset.n_items - len(signs_in | signs_out),
        len(signs_out - signs_in),
    )
    kinds = ((1, 1), (1, 0), (0, 0), (0, 1))
    return tuple(
        _systematic_class(dataset, name, count, *kind)
        for name, count, kind in zip(CLASS_NAMES, counts, kinds, strict=True)
        if count
    )


def _systematic_class(dataset: SystematicityDataset, name: str, count: int, s_x: int, s_y: int) -> ModeClass:
    c_x, c_y = dataset.k_x * dataset.r**2, dataset.k_y * dataset.r_y**2
    delta = s_x + math.ldexp(c_x, -dataset.n_bits)
    sigma = s_y + math.ldexp(c_y, -dataset.n_bits)
    share_of_items = count / dataset.n_items
    learnable = bool((s_x or (dataset.k_x and dataset.r)) and (s_y or (dataset.k_y and dataset.r_y)))
    in_share = s_x / delta if s_x else 0.0
    out_share = s_y / sigma if s_y else 0.0
    in_rest = math.ldexp(c_x, -dataset.n_bits) / delta if s_x else 1.0
    out_rest = math.ldexp(c_y, -dataset.n_bits) / sigma if s_y else 1.0
    return ModeClass(
        name=name,
        count=count,
        lam=math.sqrt(delta) * math.sqrt(sigma),
        delta=delta,
        sigma=sigma,
        pi_star=_pi_star(dataset, s_x, s_y, delta, sigma) if learnable else math.nan,
        learnable=learnable,
        total_delta=count * s_x + share_of_items * c_x if s_x else share_of_items * c_x,
        total_sigma=count * s_y + share_of_items * c_y if s_y else share_of_items * c_y,
        shares={
            ("omega_x", "omega_y"): in_share * out_share,
            ("gamma_x", "omega_y"): in_rest * out_share,
            ("omega_x", "gamma_y"): in_share * out_rest,
            ("gamma_x", "gamma_y"): in_rest * out_rest,
        },
    )


def _pi_star(dataset: SystematicityDataset, s_x: int, s_y: int, delta: float, sigma: float) -> float:
    if not s_x and not s_y:
        return math.sqrt(dataset.k_y / dataset.k_x) * abs(dataset.r_y / dataset.r)
    return math.sqrt(sigma / delta) if delta else math.inf


def _side_vectors(items: FloatArray, masks: list[int], bits: tuple[int, ...], copies: int, scale: float) -> FloatArray:
    n_items = len(items)
    sign_rows = np.array([[float(mask == 1 << bit) for mask in masks] for bit in bits]).reshape(len(bits), len(masks))
    is_sign = sign_rows.any(axis=0) if bits else np.zeros(len(masks), dtype=bool)
    length = math.sqrt(n_items + copies * scale**2)
    sign_part = sign_rows * (math.sqrt(n_items) / length)
    alone = math.copysign(1 / math.sqrt(copies), scale) if copies else 0.0
    identity_part = np.tile(items * np.where(is_sign, scale / length, alone), (copies, 1))
    return np.concatenate([sign_part, identity_part])


def _measured_classes(dataset: Data) -> tuple[ModeClass, ...]:
    basis = dataset.mode_basis
    lam = np.sum(basis.U * (dataset.sigma_yx @ basis.V), axis=0)
    delta = np.sum(basis.V * (dataset.sigma_x @ basis.V), axis=0)
    sigma = np.sum(basis.U * (dataset.sigma_y @ basis.U), axis=0)
    return tuple(_measured_class(name, lam[block], delta[block], sigma[block]) for name, block in basis.classes.items())


def _measured_class(name: str, lam: FloatArray, delta: FloatArray, sigma: FloatArray) -> ModeClass:
    mean = float(np.mean(lam)), float(np.mean(delta)), float(np.mean(sigma))
    return ModeClass(
        name=name,
        count=len(lam),
        lam=mean[0],
        delta=mean[1],
        sigma=mean[2],
        pi_star=mean[0] / mean[1],
        learnable=True,
        total_delta=float(np.sum(delta)),
        total_sigma=float(np.sum(sigma)),
    )
