"""Modules that read some input blocks and write some output blocks, and networks of several modules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..datasets import Blocks, Data, Dataset, SystematicityDataset, consecutive
from ..validation import FloatArray, instance, real
from .dense import Chain, Deep, Part, Weights, product

__all__ = ["Modular", "Module", "Network", "input_output_map", "stored_map"]


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

    See Also
    --------
    Modular : The network that modules make.

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
        instance("network", chain, get_args(Chain))
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
        """Return the factor with which the module reads an input block; 0 for a block that it does not read."""
        return self.input_scale.get(block, 1.0) if block in self.inputs else 0.0

    def rows(self, dataset: Data) -> NDArray[np.intp]:
        """Return the output features that it writes, in the order of the dataset."""
        return _features("outputs", dataset.output_blocks, self.outputs)

    def columns(self, dataset: Data) -> NDArray[np.intp]:
        """Return the input features that it reads, in the order of the dataset."""
        return _features("inputs", dataset.input_blocks, self.inputs)

    def scales(self, dataset: Data) -> FloatArray:
        """Return the factor of each input feature that it reads, shape (features read,)."""
        chosen = {name: block for name, block in dataset.input_blocks.items() if name in self.inputs}
        factors = [np.full(block.stop - block.start, self.scale(name)) for name, block in chosen.items()]
        return np.concatenate([np.zeros(0), *factors])

    def view(self, dataset: Data) -> Data:
        """Return the inputs and target outputs of the module as a separate dataset.

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
        if dataset.in_space is not None and self.input_scale.get("omega_x", 1.0) == 1.0:
            return self._systematic_view(dataset.in_space)
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


def block_names(name: str, given: str | Sequence[str]) -> tuple[str, ...]:
    """Return the names of blocks, one or several, after a check."""
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


def _in_order(blocks: Blocks, chosen: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in blocks if name in chosen)


def _kept(blocks: Blocks, chosen: Sequence[str]) -> dict[str, slice]:
    return consecutive({name: block.stop - block.start for name, block in blocks.items() if name in chosen})


@dataclass(frozen=True)
class Modular:
    r"""A network of modules: each output block receives the sum of the outputs of the modules that write it.

    .. math:: \hat y = \sum_p E_p W_p S_p R_p\, x

    with :math:`R_p` the choice of the blocks that module p reads, :math:`S_p` their scales and :math:`E_p` the
    placement of the blocks that it writes. Source of the architectures: "On The Specialization of Neural Modules"
    (Jarvis, Klein, Rosman, Saxe; ICLR 2023).

    Parameters
    ----------
    modules : sequence of Module

    Raises
    ------
    TypeError, ValueError
        If there is no module, or an entry is not one.

    See Also
    --------
    Module : One of its parts.
    Shallow, Deep : Networks of a single chain.

    Examples
    --------
    >>> from linmod import Shallow
    >>> Modular.race(Shallow())
    Modular([Module(omega_x -> omega_y, Shallow()), Module(gamma_x -> omega_y, Shallow())])
    """

    modules: Sequence[Module]

    def __post_init__(self) -> None:
        if isinstance(self.modules, Module) or not isinstance(self.modules, Iterable):
            raise TypeError(f"modules must be a sequence of Module, got {type(self.modules).__name__}")
        for index, module in enumerate(self.modules):
            instance(f"modules[{index}]", module, (Module,))
        object.__setattr__(self, "modules", tuple(self.modules))
        if not self.modules:
            raise ValueError("modules must hold at least one Module, got none")

    def __repr__(self) -> str:
        return f"Modular([{', '.join(map(repr, self.modules))}])"

    @classmethod
    def output_split(
        cls,
        network: Chain | None = None,
        *,
        inputs: Sequence[str] = ("omega_x", "gamma_x"),
        outputs: Sequence[str] = ("omega_y", "gamma_y"),
    ) -> Modular:
        """Make one module for each output block; all of them read all inputs."""
        return cls([Module(inputs, output, network) for output in block_names("outputs", outputs)])

    @classmethod
    def fully_partitioned(
        cls,
        network: Chain | None = None,
        *,
        pairs: Sequence[tuple[str, str]] = (("omega_x", "omega_y"), ("gamma_x", "gamma_y")),
    ) -> Modular:
        """Make one module for each pair of an input and an output block."""
        return cls([Module(source, target, network) for source, target in pairs])

    @classmethod
    def race(
        cls,
        network: Chain | None = None,
        *,
        inputs: Sequence[str] = ("omega_x", "gamma_x"),
        outputs: str | Sequence[str] = ("omega_y",),
    ) -> Modular:
        """Make one module for each input block; all of them write the same outputs, and share their error."""
        return cls([Module(source, outputs, network) for source in block_names("inputs", inputs)])

    @classmethod
    def leaky(cls, rho: float, network: Chain | None = None) -> Modular:
        r"""Make a full partition with a leak: the sign module reads :math:`[\Omega_x; \rho\Gamma_x]`."""
        leak = {"gamma_x": real("rho", rho)}
        signs = Module(("omega_x", "gamma_x"), "omega_y", network, input_scale=leak)
        return cls([signs, Module("gamma_x", "gamma_y", network)])

    @classmethod
    def overlapping(cls, network: Chain | None = None) -> Modular:
        """Make a sign module that writes the sign outputs only, and an identity module that writes everything."""
        return cls([Module("omega_x", "omega_y", network), Module("gamma_x", ("omega_y", "gamma_y"), network)])

    @property
    def layers(self) -> int:
        """Largest number of weight matrices in a module."""
        return max(module.network.layers for module in self.modules)

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Modules by number, those together that share an output block directly or through others."""
        groups: list[tuple[set[int], set[str]]] = []
        for index, module in enumerate(self.modules):
            touching = [group for group in groups if group[1] & set(module.outputs)]
            groups = [group for group in groups if group not in touching]
            members = {index}.union(*(group[0] for group in touching))
            groups.append((members, set(module.outputs).union(*(group[1] for group in touching))))
        return tuple(sorted(tuple(sorted(members)) for members, _ in groups))

    def shapes(self, dataset: Data) -> tuple[tuple[int, int], ...]:
        """Return the shapes of the weight matrices, module after module, each from its input on."""
        return tuple(shape for module in self.modules for shape in module.network.shapes(module.view(dataset)))

    @property
    def is_chain(self) -> Literal[False]:
        """Whether the network is a single chain of layers that reads and writes everything."""
        return False

    def parts(self, dataset: Data) -> tuple[Part, ...]:
        """Describe the modules, with what each reads and is to write."""
        return tuple(
            Part(module.view(dataset), module.network, _in_order(dataset.output_blocks, module.outputs))
            for module in self.modules
        )

    def split(self, weights: Sequence[FloatArray]) -> tuple[Weights, ...]:
        """Divide the weights of the network among its modules.

        Examples
        --------
        >>> from linmod import Deep
        >>> [len(chain) for chain in Modular.race(Deep(layers=3)).split([np.eye(1)] * 6)]
        [3, 3]
        """
        stops = np.cumsum([0, *(module.network.layers for module in self.modules)]).tolist()
        return tuple(tuple(weights[start:stop]) for start, stop in pairwise(stops))

    def assemble(self, dataset: Data, maps: Mapping[int, FloatArray]) -> FloatArray:
        """Sum the maps of modules, given by number, into the input-output map; each reads its inputs scaled.

        Examples
        --------
        >>> from linmod import Shallow, SystematicityDataset
        >>> dataset = SystematicityDataset(n_x=1, n_y=1, k_x=0, k_y=0)
        >>> Modular.race(Shallow(), inputs=["omega_x"]).assemble(dataset, {0: np.array([[0.5]])})
        array([[0.5]])
        """
        scaled = {index: matrix * self.modules[index].scales(dataset) for index, matrix in maps.items()}
        return self.place(dataset, scaled)

    def place(self, dataset: Data, maps: Mapping[int, FloatArray]) -> FloatArray:
        """Sum the maps of modules as they are held, each in its place among all inputs and outputs."""
        total = np.zeros((dataset.n_outputs, dataset.n_inputs))
        for index, matrix in maps.items():
            module = self.modules[index]
            total[np.ix_(module.rows(dataset), module.columns(dataset))] += matrix
        return total


Network = Chain | Modular


def input_output_map(network: Network, dataset: Data, weights: Sequence[FloatArray]) -> FloatArray:
    r"""Return the map from the inputs of a dataset to its outputs that given weights make, scales of leaks included.

    .. math:: W = \sum_p E_p W_p S_p R_p

    Parameters
    ----------
    network : Shallow, Deep or Modular
    dataset : Data
    weights : sequence of ndarray
        From the input on; of a modular network module after module.

    Returns
    -------
    ndarray, shape (output features, input features)

    See Also
    --------
    stored_map : The same without the scales of leaks.

    Examples
    --------
    >>> from linmod import Shallow, SystematicityDataset
    >>> dataset = SystematicityDataset(n_x=1, n_y=1, k_x=0, k_y=0)
    >>> input_output_map(Modular.race(Shallow(), inputs=["omega_x"]), dataset, [np.array([[0.5]])])
    array([[0.5]])
    """
    return network.assemble(dataset, _products(network, weights))


def stored_map(network: Network, dataset: Data, weights: Sequence[FloatArray]) -> FloatArray:
    r"""Return the sum of the maps that the modules hold, :math:`\sum_p E_p W_p R_p`: the scales of leaks are left out.

    Parameters
    ----------
    network : Shallow, Deep or Modular
    dataset : Data
    weights : sequence of ndarray
        As for :func:`input_output_map`.

    Returns
    -------
    ndarray, shape (output features, input features)
        The same as the input-output map where no module scales its inputs.

    See Also
    --------
    input_output_map : The map that the network computes, scales included.

    Examples
    --------
    >>> from linmod import Shallow, SystematicityDataset
    >>> dataset = SystematicityDataset(n_x=1, n_y=1, k_x=0, k_y=0)
    >>> leaky = Modular([Module("omega_x", "omega_y", Shallow(), input_scale={"omega_x": 0.1})])
    >>> stored_map(leaky, dataset, [np.eye(1)]), input_output_map(leaky, dataset, [np.eye(1)])
    (array([[1.]]), array([[0.1]]))
    """
    return network.place(dataset, _products(network, weights))


def _products(network: Network, weights: Sequence[FloatArray]) -> dict[int, FloatArray]:
    return {index: product(chain) for index, chain in enumerate(network.split(weights))}
