"""What learns: a chain of linear layers, and a module that reads some input blocks and writes some output blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .datasets import Blocks, Data, Dataset, ModeBasis, SystematicityDataset, consecutive
from .validation import FloatArray, instance, integer, real

Weights = tuple[FloatArray, ...]


@dataclass(frozen=True)
class Shallow:
    """A linear network without hidden layer, y = W x.

    Examples
    --------
    >>> Shallow().layers
    1
    """

    @property
    def layers(self) -> int:
        """Number of weight matrices."""
        return 1

    def shapes(self, dataset: Data) -> tuple[tuple[int, int], ...]:
        """Shapes of the weight matrices, from the input on."""
        return ((dataset.n_outputs, dataset.n_inputs),)


@dataclass(frozen=True)
class Deep:
    """A linear network with hidden layers, y = W_L ... W_1 x.

    Parameters
    ----------
    hidden : int, default 50
        Units in each hidden layer.
    layers : int, default 2
        Number of weight matrices L, at least 2.

    Examples
    --------
    >>> Deep()
    Deep(hidden=50, layers=2)
    """

    hidden: int = 50
    layers: int = 2

    def __post_init__(self) -> None:
        integer("hidden", self.hidden, 1)
        integer("layers", self.layers, 2)

    def shapes(self, dataset: Data) -> tuple[tuple[int, int], ...]:
        """Shapes of the weight matrices, from the input on."""
        sizes = [dataset.n_inputs, *[self.hidden] * (self.layers - 1), dataset.n_outputs]
        return tuple((after, before) for before, after in pairwise(sizes))


Chain = Shallow | Deep


@dataclass(frozen=True)
class Module:
    r"""A chain of layers that reads some input blocks and writes some output blocks.

    Parameters
    ----------
    inputs, outputs : str or sequence of str
        Names of the blocks that it reads and writes.
    network : Shallow or Deep, default Deep()
    input_scale : mapping of str to float, optional
        Factors by which blocks are multiplied before the module reads them; 1 for blocks that are not named.
        A factor :math:`\rho` on a block is a leak: with :math:`\rho = 0` the module does not see it.

    Raises
    ------
    TypeError, ValueError
        If a name is no text or occurs twice, if none is given, or if a scale is not a real number of a block read.

    Examples
    --------
    >>> Module("omega_x", "omega_y", Deep(hidden=5))
    Module(omega_x -> omega_y, Deep(hidden=5, layers=2))
    >>> from linmod import SystematicityDataset
    >>> Module("gamma_x", "gamma_y").view(SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1))
    SystematicityDataset(n_x=0, n_y=0, k_x=3, k_y=1, r=1.0, n_bits=3)
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    network: Chain
    input_scale: Mapping[str, float]

    def __init__(
        self,
        inputs: str | Sequence[str],
        outputs: str | Sequence[str],
        network: Chain | None = None,
        *,
        input_scale: Mapping[str, float] | None = None,
    ) -> None:
        chain = Deep() if network is None else network
        instance("network", chain, (Shallow, Deep))
        scales = {} if input_scale is None else input_scale
        instance("input_scale", scales, (Mapping,))
        values = {
            "inputs": block_names("inputs", inputs),
            "outputs": block_names("outputs", outputs),
            "network": chain,
            "input_scale": {name: real(f"input_scale[{name!r}]", value) for name, value in scales.items()},
        }
        unread = sorted(set(scales) - set(block_names("inputs", inputs)))
        if unread:
            raise ValueError(f"input_scale must name blocks that the module reads, {values['inputs']}, got {unread}")
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        scaled = (f"{self.scale(name):g} {name}" if name in self.input_scale else name for name in self.inputs)
        return f"Module({' + '.join(scaled)} -> {' + '.join(self.outputs)}, {self.network!r})"

    def scale(self, block: str) -> float:
        """Factor with which the module reads an input block; 0 for a block that it does not read."""
        return self.input_scale.get(block, 1.0) if block in self.inputs else 0.0

    def rows(self, dataset: Data) -> NDArray[np.intp]:
        """Output features that it writes, in the order of the dataset."""
        return _features("outputs", dataset.output_blocks, self.outputs)

    def columns(self, dataset: Data) -> NDArray[np.intp]:
        """Input features that it reads, in the order of the dataset."""
        return _features("inputs", dataset.input_blocks, self.inputs)

    def scales(self, dataset: Data) -> FloatArray:
        """Factor of each input feature that it reads, shape (features read,)."""
        chosen = {name: block for name, block in dataset.input_blocks.items() if name in self.inputs}
        factors = [np.full(block.stop - block.start, self.scale(name)) for name, block in chosen.items()]
        return np.concatenate([np.zeros(0), *factors])

    def view(self, dataset: Data) -> Data:
        """What the module reads and is to write, as a dataset of its own.

        Within the space of systematicity datasets it is again one of them, unless the sign features are scaled.

        Raises
        ------
        ValueError
            If the dataset lacks one of the blocks, or all those read or written are empty.
        """
        sides = (("inputs", dataset.input_blocks, self.inputs), ("outputs", dataset.output_blocks, self.outputs))
        for name, blocks, chosen in sides:
            if not any(block.stop > block.start for block in _chosen(name, blocks, chosen).values()):
                raise ValueError(f"{name} of {self!r} must hold features; they are empty in {dataset!r}")
        if isinstance(dataset, SystematicityDataset) and self.input_scale.get("omega_x", 1.0) == 1.0:
            return self._systematic_view(dataset)
        return Dataset(
            self.scales(dataset)[:, None] * dataset.X[self.columns(dataset)],
            dataset.Y[self.rows(dataset)],
            input_blocks=_kept(dataset.input_blocks, self.inputs),
            output_blocks=_kept(dataset.output_blocks, self.outputs),
        )

    def _systematic_view(self, dataset: SystematicityDataset) -> SystematicityDataset:
        signs_in = dataset.input_signs if "omega_x" in self.inputs else ()
        signs_out = dataset.output_signs if "omega_y" in self.outputs else ()
        return SystematicityDataset(
            len(signs_in),
            len(signs_out),
            dataset.k_x if "gamma_x" in self.inputs else 0,
            dataset.k_y if "gamma_y" in self.outputs else 0,
            dataset.r * self.input_scale.get("gamma_x", 1.0),
            r_y=dataset.r_y,
            n_bits=dataset.n_bits,
            input_signs=signs_in,
            output_signs=signs_out,
            dense_limit=dataset.dense_limit,
        )


def product(weights: Sequence[FloatArray]) -> FloatArray:
    """Input-output map W_L ... W_1 of the weights of a chain, given from the input on."""
    total = weights[0]
    for matrix in weights[1:]:
        total = matrix @ total
    return total


def balanced_weights(network: Chain, basis: ModeBasis, strengths: FloatArray) -> Weights:
    """Weights with given strengths of the modes, balanced across layers, each mode with its own hidden unit."""
    if not isinstance(network, Deep):
        return ((basis.U * strengths) @ basis.V.T,)
    started = np.flatnonzero(strengths)
    U, V, strengths = basis.U[:, started], basis.V[:, started], strengths[started]
    gains = np.abs(strengths) ** (1 / network.layers)
    units = np.eye(network.hidden, len(started))
    first = (units * gains) @ V.T
    middle = (units * gains) @ units.T
    last = (U * (gains * np.sign(strengths))) @ units.T
    return (first, *[middle] * (network.layers - 2), last)


def block_names(name: str, given: str | Sequence[str]) -> tuple[str, ...]:
    """Names of blocks, one or several, after a check."""
    names = (given,) if isinstance(given, str) or not isinstance(given, Iterable) else tuple(given)
    if not all(isinstance(entry, str) for entry in names):
        raise TypeError(f"{name} must be block names, got {given!r}")
    if not names or len(set(names)) != len(names):
        raise ValueError(f"{name} must name at least one block, and none twice, got {names}")
    return names


def _features(name: str, blocks: Blocks, chosen: Sequence[str]) -> NDArray[np.intp]:
    parts = [np.arange(block.start, block.stop) for block in _chosen(name, blocks, chosen).values()]
    return np.concatenate([np.zeros(0, dtype=np.intp), *parts])


def _chosen(name: str, blocks: Blocks, chosen: Sequence[str]) -> Blocks:
    unknown = sorted(set(chosen) - set(blocks))
    if unknown:
        raise ValueError(f"{name} of a module must be blocks of the dataset, {sorted(blocks)}, got {unknown}")
    return {label: block for label, block in blocks.items() if label in chosen}


def _kept(blocks: Blocks, chosen: Sequence[str]) -> dict[str, slice]:
    return consecutive({name: block.stop - block.start for name, block in blocks.items() if name in chosen})
