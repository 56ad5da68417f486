r"""Systematicity: sub-structures of a dataset, and how far a mapping has learned one of them in isolation.

A *sub-structure* is a set of input features with a set of output features. Its rank is that of their correlation
:math:`\Sigma_{yx}`. It is *compositional* when its rank is lower than that of the whole dataset: as many independent
items as its rank determine it, so that it can be known before all items have been seen. A mapping is *systematic* in a
compositional sub-structure when it has learned it in isolation: its outputs are produced from its inputs alone, as if
the rest of the dataset were absent. It is *weakly systematic* when it only tends to that with the scale of the dataset.
Source: "On The Specialization of Neural Modules" (Jarvis, Klein, Rosman, Saxe; ICLR 2023), definition of systematicity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike

from ..datasets import Data
from ..validation import FloatArray, array, instance, real
from .dense import Shallow
from .modular import Module

__all__ = [
    "SubStructure",
    "Systematicity",
    "isolated_map",
    "sub_structure",
    "sub_structures",
    "systematicity",
    "weak_systematicity",
]

RANK_TOLERANCE = 1e-9


@dataclass(frozen=True)
class SubStructure:
    """Some input blocks with some output blocks of a dataset, and the ranks that define its kind.

    Attributes
    ----------
    inputs, outputs : tuple of str
        Names of the blocks.
    rank : int
        Rank of the correlation of these outputs with these inputs.
    whole : int
        Rank of the correlation of all outputs with all inputs.

    See Also
    --------
    sub_structure, sub_structures : Make one, or all of a dataset.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    rank: int
    whole: int

    @property
    def compositional(self) -> bool:
        """Whether the sub-structure exists and fewer items determine it than the whole."""
        return 0 < self.rank < self.whole

    @property
    def pair(self) -> Module:
        """The blocks as what a module reads and writes."""
        return Module(self.inputs, self.outputs, Shallow())


@dataclass(frozen=True)
class Systematicity:
    r"""How far a mapping has learned a sub-structure in isolation.

    Attributes
    ----------
    share : float
        Share of the map to the sub-structure's outputs that reads its inputs,
        :math:`|W_{oi}|_F^2 / |W_o|_F^2`; NaN where that map is zero. 1 is isolation.
    distance : float
        Distance of :math:`W_{oi}` from what is learned when the rest is absent, :math:`\Sigma_{oi}\Sigma_{ii}^+`,
        relative to the length of the latter.

    See Also
    --------
    systematicity : Measure it of a map.
    """

    share: float
    distance: float

    def holds(self, tolerance: float) -> bool:
        """Return whether the sub-structure has been learned, and in isolation, within a tolerance.

        Examples
        --------
        >>> Systematicity(share=1.0, distance=1e-4).holds(1e-3), Systematicity(share=0.7, distance=0.3).holds(1e-3)
        (True, False)
        """
        bound = real("tolerance", tolerance, positive=True)
        return bool(1 - self.share <= bound and self.distance <= bound)


def sub_structure(dataset: Data, inputs: str | Sequence[str], outputs: str | Sequence[str]) -> SubStructure:
    """Describe the sub-structure of some input and some output blocks.

    Parameters
    ----------
    dataset : Data
        Any data with named blocks.
    inputs, outputs : str or sequence of str

    Returns
    -------
    SubStructure

    Raises
    ------
    TypeError, ValueError
        If a name is not a block of the dataset.

    See Also
    --------
    sub_structures : All of a dataset.
    systematicity : How far a map has learned one in isolation.

    Examples
    --------
    >>> from linmod import SystematicityDataset
    >>> signs = sub_structure(SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1), "omega_x", "omega_y")
    >>> signs.rank, signs.whole, signs.compositional
    (1, 8, True)
    """
    instance("dataset", dataset, (Data,))
    pair = Module(inputs, outputs, Shallow())
    part = dataset.sigma_yx[np.ix_(pair.rows(dataset), pair.columns(dataset))]
    return SubStructure(pair.inputs, pair.outputs, _rank(part, dataset.sigma_yx), _rank(dataset.sigma_yx))


def sub_structures(dataset: Data) -> tuple[SubStructure, ...]:
    """Describe every pair of an input and an output block that is correlated.

    Parameters
    ----------
    dataset : Data
        Any data with named blocks.

    Returns
    -------
    tuple of SubStructure

    See Also
    --------
    sub_structure : A single one, of any blocks.

    Examples
    --------
    >>> from linmod import SystematicityDataset
    >>> for s in sub_structures(SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1)):
    ...     print(*s.inputs, *s.outputs, s.rank, "compositional" if s.compositional else "not compositional")
    omega_x omega_y 1 compositional
    gamma_x omega_y 1 compositional
    omega_x gamma_y 3 compositional
    gamma_x gamma_y 8 not compositional
    """
    instance("dataset", dataset, (Data,))
    pairs = product(dataset.output_blocks, dataset.input_blocks)
    found = (sub_structure(dataset, source, target) for target, source in pairs)
    return tuple(part for part in found if part.rank > 0)


def isolated_map(dataset: Data, part: SubStructure) -> FloatArray:
    r"""Return what a network learns from the sub-structure alone, :math:`\Sigma_{oi}\Sigma_{ii}^+`.

    Parameters
    ----------
    dataset : Data
    part : SubStructure

    Returns
    -------
    ndarray, shape (outputs of the part, inputs of the part)

    See Also
    --------
    systematicity : The distance of a map from it.

    Examples
    --------
    >>> from linmod import SystematicityDataset
    >>> dataset = SystematicityDataset(n_x=2, n_y=1, k_x=3, k_y=1)
    >>> isolated_map(dataset, sub_structure(dataset, "omega_x", "omega_y")).round(12)
    array([[1., 0.]])
    """
    rows, columns = part.pair.rows(dataset), part.pair.columns(dataset)
    white = np.linalg.pinv(dataset.sigma_x[np.ix_(columns, columns)], hermitian=True, rcond=RANK_TOLERANCE)
    return np.asarray(dataset.sigma_yx[np.ix_(rows, columns)] @ white)


def systematicity(mapping: ArrayLike, dataset: Data, part: SubStructure) -> Systematicity:
    """Measure how far an input-output map has learned a sub-structure in isolation.

    The map may come from anywhere: from ``linmod.problem.input_output_map`` of a trajectory's weights, from
    ``linmod.problem.stored_map`` (a leak's scale left out), or from your own network.

    Parameters
    ----------
    mapping : array_like, shape (output features, input features)
    dataset : Data
    part : SubStructure

    Returns
    -------
    Systematicity

    Raises
    ------
    ValueError
        If the map does not have the dataset's shape.

    See Also
    --------
    sub_structure : Describe a sub-structure.
    weak_systematicity : The share that a dense network learns.

    Examples
    --------
    >>> from linmod import SystematicityDataset
    >>> dataset = SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1)
    >>> learned = dataset.sigma_yx @ np.linalg.pinv(dataset.sigma_x)
    >>> found = systematicity(learned, dataset, sub_structure(dataset, "omega_x", "omega_y"))
    >>> round(found.share, 6), round(found.distance, 6), found.holds(0.01)
    (0.727273, 0.272727, False)
    """
    instance("dataset", dataset, (Data,))
    instance("part", part, (SubStructure,))
    W = array("mapping", mapping, 2)
    if W.shape != (dataset.n_outputs, dataset.n_inputs):
        raise ValueError(f"mapping must have shape {(dataset.n_outputs, dataset.n_inputs)}, got {W.shape}")
    rows, columns = part.pair.rows(dataset), part.pair.columns(dataset)
    inside, outputs = W[np.ix_(rows, columns)], np.linalg.norm(W[rows])
    alone = isolated_map(dataset, part)
    length = float(np.linalg.norm(alone))
    return Systematicity(
        share=float((np.linalg.norm(inside) / outputs) ** 2) if outputs > 0 else float("nan"),
        distance=float(np.linalg.norm(inside - alone)) / (length if length > 0 else 1.0),
    )


def weak_systematicity(dataset: Data, part: SubStructure) -> float:
    r"""Return the share of a sub-structure in what a dense network learns, :math:`\Sigma_{yx}\Sigma_x^+`.

    For the sign features of the dataset space it is :math:`N/(N + k_x r^2)`, which tends to 1 with the number of items
    N: the dense network becomes systematic with scale, at no finite scale.

    Parameters
    ----------
    dataset : Data
    part : SubStructure
        Its inputs and outputs.

    Returns
    -------
    float

    See Also
    --------
    systematicity : The share in a given map.

    Examples
    --------
    >>> from linmod import SystematicityDataset
    >>> for bits in (3, 5, 7):
    ...     dataset = SystematicityDataset(n_x=bits, n_y=1, k_x=1, k_y=1)
    ...     print(round(weak_systematicity(dataset, sub_structure(dataset, "omega_x", "omega_y")), 6))
    0.888889
    0.969697
    0.992248
    """
    instance("dataset", dataset, (Data,))
    learned = dataset.sigma_yx @ np.linalg.pinv(dataset.sigma_x, hermitian=True, rcond=RANK_TOLERANCE)
    return systematicity(learned, dataset, part).share


def _rank(matrix: FloatArray, whole: FloatArray | None = None) -> int:
    """Return the rank, with a threshold relative to the whole correlation that a matrix is part of."""
    scale = np.max(np.abs(matrix if whole is None else whole), initial=0.0)
    return int(np.sum(np.linalg.svd(matrix, compute_uv=False) > RANK_TOLERANCE * scale)) if matrix.size else 0
