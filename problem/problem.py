"""What is learned, by what, from where, and how: descriptions that both theory and dynamics read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ..datasets import Data
from ..validation import FloatArray, instance
from .dense import Deep, Shallow, Weights
from .modular import Modular, Network
from .starts import Aligned, Explicit, Initial, RandomModes, SmallRandom
from .training import Descent, Flow, Training


@dataclass(frozen=True)
class Problem:
    """A network that learns a dataset: what both a prediction and a simulation solve.

    Parameters
    ----------
    dataset : SystematicityDataset or Dataset
    network : Shallow, Deep or Modular
    initial : Aligned, SmallRandom, RandomModes or Explicit
        How training starts.
    training : Flow or Descent
        How training goes.

    Raises
    ------
    TypeError
        If an argument is not one of these.
    ValueError
        If given weights do not fit the network, or modules do not fit the dataset's blocks.

    Examples
    --------
    >>> from linmod import SystematicityDataset
    >>> problem = Problem(SystematicityDataset(3, 1, 3, 1), Deep(), Aligned(1e-6), Descent(0.16, 300))
    >>> [matrix.shape for matrix in problem.initial_weights]
    [(50, 27), (9, 50)]
    """

    dataset: Data
    network: Network
    initial: Initial
    training: Training

    def __post_init__(self) -> None:
        instance("dataset", self.dataset, (Data,))
        instance("network", self.network, (Shallow, Deep, Modular))
        instance("initial", self.initial, (Aligned, SmallRandom, RandomModes, Explicit))
        if not isinstance(self.training, Flow | Descent):
            raise TypeError(
                f"training must be Flow or Descent, got {type(self.training).__name__} (rules that treat each weight"
                " by itself, as Adam or noise on weights, have no exact reduction to modes and are not here)"
            )
        self.network.parts(self.dataset)
        if isinstance(self.initial, Explicit):
            self.initial.weights(self.network, self.dataset)
        if not (self.training.rule.is_gradient or (isinstance(self.network, Deep) and self.network.layers == 2)):
            raise ValueError(f"rule={self.training.rule} is for two layers, Deep(layers=2), got {self.network!r}")

    @property
    def times(self) -> FloatArray:
        """Times to report, in units of tau."""
        return self.training.times

    @cached_property
    def initial_weights(self) -> Weights:
        """The weights at time 0, one matrix for each layer from the input on, module after module."""
        return self.initial.weights(self.network, self.dataset)
