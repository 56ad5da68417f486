"""What learns: a chain of layers, or modules side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .datasets import Data
from .modules import Chain, Module, Weights, block_names, product
from .validation import FloatArray, instance, real


@dataclass(frozen=True)
class Modular:
    r"""Modules side by side: each output block receives the sum of what the modules that write it make of their inputs.

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
        """One module for each output block; all of them read all inputs."""
        return cls([Module(inputs, output, network) for output in block_names("outputs", outputs)])

    @classmethod
    def fully_partitioned(
        cls,
        network: Chain | None = None,
        *,
        pairs: Sequence[tuple[str, str]] = (("omega_x", "omega_y"), ("gamma_x", "gamma_y")),
    ) -> Modular:
        """One module for each pair of an input and an output block."""
        return cls([Module(source, target, network) for source, target in pairs])

    @classmethod
    def race(
        cls,
        network: Chain | None = None,
        *,
        inputs: Sequence[str] = ("omega_x", "gamma_x"),
        outputs: str | Sequence[str] = ("omega_y",),
    ) -> Modular:
        """One module for each input block; all of them write the same outputs, and share their error."""
        return cls([Module(source, outputs, network) for source in block_names("inputs", inputs)])

    @classmethod
    def leaky(cls, rho: float, network: Chain | None = None) -> Modular:
        r"""Full partition with a leak: the sign module reads :math:`[\Omega_x; \rho\Gamma_x]`."""
        leak = {"gamma_x": real("rho", rho)}
        signs = Module(("omega_x", "gamma_x"), "omega_y", network, input_scale=leak)
        return cls([signs, Module("gamma_x", "gamma_y", network)])

    @classmethod
    def overlapping(cls, network: Chain | None = None) -> Modular:
        """The sign module writes the sign outputs alone, the identity module writes everything."""
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
        """Shapes of the weight matrices, module after module, each from its input on."""
        return tuple(shape for module in self.modules for shape in module.network.shapes(module.view(dataset)))


Network = Chain | Modular


def by_module(network: Network, weights: Sequence[FloatArray]) -> tuple[Weights, ...]:
    """Weights of each module by itself; of a network without modules, all in one.

    Examples
    --------
    >>> from linmod import Deep
    >>> [len(chain) for chain in by_module(Modular.race(Deep(layers=3)), [np.eye(1)] * 6)]
    [3, 3]
    """
    if not isinstance(network, Modular):
        return (tuple(weights),)
    stops = np.cumsum([0, *(module.network.layers for module in network.modules)]).tolist()
    return tuple(tuple(weights[start:stop]) for start, stop in pairwise(stops))


def input_output_map(network: Network, dataset: Data, weights: Sequence[FloatArray]) -> FloatArray:
    r"""Map from the inputs of a dataset to its outputs that given weights make, scales of leaks included.

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

    Examples
    --------
    >>> from linmod import Shallow, SystematicityDataset
    >>> dataset = SystematicityDataset(n_x=1, n_y=1, k_x=0, k_y=0)
    >>> input_output_map(Modular.race(Shallow(), inputs=["omega_x"]), dataset, [np.array([[0.5]])])
    array([[0.5]])
    """
    if not isinstance(network, Modular):
        return product(weights)
    maps = (product(chain) for chain in by_module(network, weights))
    return assembled(network, dataset, dict(enumerate(maps)))


def assembled(network: Modular, dataset: Data, maps: Mapping[int, FloatArray]) -> FloatArray:
    """Sum of the maps of single modules, each in its place among all inputs and outputs.

    Examples
    --------
    >>> from linmod import Shallow, SystematicityDataset
    >>> dataset = SystematicityDataset(n_x=1, n_y=1, k_x=0, k_y=0)
    >>> assembled(Modular.race(Shallow(), inputs=["omega_x"]), dataset, {0: np.array([[0.5]])})
    array([[0.5]])
    """
    scaled = {index: matrix * network.modules[index].scales(dataset) for index, matrix in maps.items()}
    return _placed(network, dataset, scaled)


def stored_map(network: Network, dataset: Data, weights: Sequence[FloatArray]) -> FloatArray:
    r"""Sum of the maps that the modules hold, :math:`\sum_p E_p W_p R_p`: the scales of leaks are left out.

    Examples
    --------
    >>> from linmod import Shallow, SystematicityDataset
    >>> dataset = SystematicityDataset(n_x=1, n_y=1, k_x=0, k_y=0)
    >>> leaky = Modular([Module("omega_x", "omega_y", Shallow(), input_scale={"omega_x": 0.1})])
    >>> stored_map(leaky, dataset, [np.eye(1)]), input_output_map(leaky, dataset, [np.eye(1)])
    (array([[1.]]), array([[0.1]]))
    """
    if not isinstance(network, Modular):
        return product(weights)
    maps = {index: product(chain) for index, chain in enumerate(by_module(network, weights))}
    return _placed(network, dataset, maps)


def _placed(network: Modular, dataset: Data, maps: Mapping[int, FloatArray]) -> FloatArray:
    total = np.zeros((dataset.n_outputs, dataset.n_inputs))
    for index, matrix in maps.items():
        module = network.modules[index]
        total[np.ix_(module.rows(dataset), module.columns(dataset))] += matrix
    return total
