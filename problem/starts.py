"""Initial weights of training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from ..datasets import Data
from ..validation import array, count_text, integer, real
from .dense import Deep, Weights, balanced_weights
from .modular import Network

__all__ = ["NO_WEIGHTS", "Aligned", "Explicit", "Initial", "RandomModes", "SmallRandom"]

NO_WEIGHTS = "RandomModes draws neither full weights nor single modes of a class; use SmallRandom to have them"


@dataclass(frozen=True)
class Aligned:
    r"""Start on the modes of the dataset, balanced across layers: every mode with its own hidden direction.

    The input-output map is :math:`W(0) = \sum_\alpha \pi_\alpha(0)\, u_\alpha v_\alpha^\top`; in a network of L
    layers each layer carries :math:`|\pi_\alpha(0)|^{1/L}`, and the last layer the sign.

    Parameters
    ----------
    strength : float, mapping of str to float, or sequence of these, default 1e-6
        Initial effective singular value :math:`\pi(0)` of every mode, or one for each class of modes. Zero
        and negative values are allowed. A sequence holds one of either kind for each module of a modular network;
        a module has the modes of its inputs and outputs (:meth:`linmod.Module.view`).

    See Also
    --------
    SmallRandom, Explicit : Random and given weights.

    Examples
    --------
    >>> Aligned({"sign_to_sign": 1e-6, "identity_to_identity": 0.0}).of_class("sign_to_sign")
    1e-06
    >>> Aligned([1e-3, 1e-6]).of_module(1, of=2)
    Aligned(strength=1e-06)
    """

    is_aligned: ClassVar[Literal[True]] = True
    has_weights: ClassVar[bool] = True
    strength: float | Mapping[str, float] | Sequence[float | Mapping[str, float]] = 1e-6

    def __post_init__(self) -> None:
        if isinstance(self.strength, list | tuple):
            object.__setattr__(self, "strength", tuple(Aligned(part).strength for part in self.strength))
        elif isinstance(self.strength, Mapping):
            for name, value in self.strength.items():
                real(f"strength[{name!r}]", value)
        else:
            real("strength", self.strength)

    def of_module(self, index: int, of: int) -> Aligned:
        """Return the start of one of `of` modules."""
        if isinstance(self.strength, Mapping | float | int):
            return self
        if len(self.strength) != of:
            raise ValueError(f"strength must be one for all modules or one for each, {of}, got {len(self.strength)}")
        return Aligned(self.strength[index])

    def of_class(self, name: str) -> float:
        """Return the initial strength of the modes of one class."""
        if isinstance(self.strength, Sequence):
            raise ValueError(f"strength must be one number or mapping for a single chain, got {self.strength}")
        if not isinstance(self.strength, Mapping):
            return float(self.strength)
        if name not in self.strength:
            raise ValueError(f"strength must name every class of modes; {name!r} is not in {sorted(self.strength)}")
        return float(self.strength[name])

    def check(self, network: Network, counts: Mapping[str, int]) -> None:
        """Raise unless the strengths fit the dataset's classes of modes, and the modes the hidden units."""
        if isinstance(self.strength, Mapping) and not set(self.strength) <= set(counts):
            unknown = sorted(set(self.strength) - set(counts))
            raise ValueError(f"strength names classes {unknown} that the dataset lacks; it has {sorted(counts)}")
        needed = sum(count for name, count in counts.items() if self.of_class(name) != 0)
        if isinstance(network, Deep) and network.hidden < needed:
            raise ValueError(
                f"hidden must be at least the number of modes with an initial strength, {count_text(needed)},"
                f" got {network.hidden}"
            )

    def weights(self, network: Network, dataset: Data) -> Weights:
        """Return the initial weights, one matrix for each layer from the input on."""
        if not network.is_chain:
            parts = network.parts(dataset)
            starts = ((self.of_module(i, len(parts)), part) for i, part in enumerate(parts))
            return tuple(chain.from_iterable(start.weights(part.network, part.data) for start, part in starts))
        basis = dataset.mode_basis
        if not basis.decoupled_by_gradient and self.strength != 0:
            raise ValueError(
                f"strength must be 0 for data that couple their modes, which have none to align with, got"
                f" {self.strength}"
            )
        counts = {name: block.stop - block.start for name, block in basis.classes.items()}
        self.check(network, counts)
        strengths = np.repeat([self.of_class(name) for name in counts], list(counts.values()))
        return balanced_weights(network, basis, strengths)


@dataclass(frozen=True)
class _Gaussian:
    """A standard deviation and a seed."""

    is_aligned: ClassVar[Literal[False]] = False
    std: float = 1e-3
    seed: int = 0

    def __post_init__(self) -> None:
        real("std", self.std, 0.0)
        integer("seed", self.seed)


@dataclass(frozen=True)
class SmallRandom(_Gaussian):
    """Independent Gaussian weights of mean zero.

    Parameters
    ----------
    std : float, default 1e-3
        Standard deviation of every weight; zero is allowed.
    seed : int, default 0
        Seed of the generator (:func:`numpy.random.default_rng`); layers are drawn from the input on.

    See Also
    --------
    RandomModes : The same distribution, drawn for modes.
    Aligned, Explicit : Starts without randomness.

    Examples
    --------
    >>> SmallRandom(std=2e-4, seed=1)
    SmallRandom(std=0.0002, seed=1)
    """

    has_weights: ClassVar[bool] = True

    def weights(self, network: Network, dataset: Data) -> Weights:
        """Return the initial weights, one matrix for each layer from the input on."""
        generator, shapes = np.random.default_rng(self.seed), network.shapes(dataset)
        try:
            weights = tuple(generator.standard_normal(shape) for shape in shapes)
        except (MemoryError, OverflowError, ValueError) as error:
            sizes = " and ".join(" x ".join(map(count_text, shape)) for shape in shapes)
            raise ValueError(f"weights of {sizes} do not fit into memory (RandomModes draws none)") from error
        for matrix in weights:
            matrix *= self.std
        return weights


@dataclass(frozen=True)
class RandomModes(_Gaussian):
    r"""Independent Gaussian weights of mean zero, drawn for the modes of the dataset instead of weight by weight.

    The course of learning has the same distribution as from :class:`SmallRandom` with this `std`, but the numbers of
    one seed differ. Only the compressed coordinates of a two-layer network on a systematicity dataset are drawn, so
    that the cost does not depend on the number of items; full weights and the strengths of single modes do not exist.

    Parameters
    ----------
    std : float, default 1e-3
        Standard deviation of every weight; zero is allowed. The N rows of the second layer add up, so a start is
        small only if :math:`N \sigma^2` is.
    seed : int, default 0
        Seed of the generator (:func:`numpy.random.default_rng`).

    See Also
    --------
    SmallRandom : The same distribution, drawn weight by weight.

    Examples
    --------
    >>> import linmod
    >>> problem = linmod.Problem(linmod.SystematicityDataset(n_x=40, n_y=1, k_x=3, k_y=1), linmod.Deep(hidden=50),
    ...                          RandomModes(std=1e-9, seed=1), linmod.Descent(step_size=0.16, steps=300))
    >>> print(linmod.dynamics.solve(problem).modes["sign_to_sign"][-1].round(4))
    1.0
    """

    has_weights: ClassVar[bool] = False

    def weights(self, network: Network, dataset: Data) -> Weights:
        """Raise ValueError: there are no weights."""
        raise ValueError(NO_WEIGHTS)


class Explicit:
    """Given initial weights.

    Parameters
    ----------
    weights : sequence of array_like
        One matrix of shape (units after, units before) for each layer, from the input on; of a modular network
        module after module.

    See Also
    --------
    Aligned, SmallRandom : Weights made from the dataset, or drawn.

    Examples
    --------
    >>> Explicit([[[0.1, 0.0]]])
    Explicit(1 matrix: 1x2)
    """

    is_aligned: ClassVar[Literal[False]] = False
    has_weights: ClassVar[bool] = True
    stored_as: ClassVar[Mapping[str, str]] = {"weights": "matrices"}

    def __init__(self, weights: Sequence[ArrayLike]) -> None:
        if isinstance(weights, np.ndarray) and weights.ndim < 3:
            raise TypeError("weights must be a sequence of matrices, one for each layer, got one array")
        if not isinstance(weights, Iterable) or isinstance(weights, str | bytes | Mapping):
            raise TypeError(f"weights must be a sequence of matrices, got {type(weights).__name__}")
        self.matrices: Weights = tuple(array(f"weights[{i}]", matrix, 2) for i, matrix in enumerate(weights))
        if not self.matrices:
            raise ValueError("weights must hold one matrix for each layer, got none")

    def __repr__(self) -> str:
        shapes = ", ".join("x".join(map(str, matrix.shape)) for matrix in self.matrices)
        return f"Explicit({len(self.matrices)} matri{'x' if len(self.matrices) == 1 else 'ces'}: {shapes})"

    def weights(self, network: Network, dataset: Data) -> Weights:
        """Return the initial weights, after a check of their shapes."""
        given = tuple(matrix.shape for matrix in self.matrices)
        if given != network.shapes(dataset):
            raise ValueError(f"weights must have shapes {network.shapes(dataset)}, from the input on, got {given}")
        return self.matrices


Initial = Aligned | SmallRandom | RandomModes | Explicit
