"""A problem: a dataset, a network, a start and a training, which both theory and dynamics read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..datasets import Data, HeldOut
from ..markup import card, facts
from ..validation import FloatArray, instance
from .dense import Weights
from .kinds import KINDS, NETWORKS, STARTS, TRAININGS, build, classes, known, plain_part
from .modular import Network
from .starts import Explicit, Initial
from .training import Training

__all__ = ["Problem"]


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

    See Also
    --------
    linmod.theory.solve, linmod.dynamics.solve : Predict, and simulate, the course of learning.

    Examples
    --------
    >>> from linmod import Aligned, Deep, Descent, SystematicityDataset
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
        instance("network", self.network, classes(NETWORKS))
        instance("initial", self.initial, classes(STARTS))
        if not isinstance(self.training, classes(TRAININGS)):
            raise TypeError(
                f"training must be Flow or Descent, got {type(self.training).__name__} (rules that treat each weight"
                " separately, as Adam or noise on weights, have no exact reduction to modes and are not supported)"
            )
        self.network.parts(self.dataset)
        if isinstance(self.initial, Explicit):
            self.initial.weights(self.network, self.dataset)
        if not (self.training.rule.is_gradient or (self.network.is_chain and self.network.layers == 2)):
            raise ValueError(f"rule={self.training.rule} is for two layers, Deep(layers=2), got {self.network!r}")

    @property
    def times(self) -> FloatArray:
        """Times to report, in units of tau."""
        return self.training.times

    @cached_property
    def initial_weights(self) -> Weights:
        """The weights at time 0, one matrix for each layer from the input on, module after module."""
        return self.initial.weights(self.network, self.dataset)

    def _repr_html_(self) -> str:
        parts = {name: repr(getattr(self, name)) for name in KINDS}
        return card("Problem", facts({**parts, "times": f"{len(self.times)}, to {self.times[-1]:g} tau"}))

    def to_plain(self) -> dict[str, Any]:
        """Return the problem as plain values, which TOML and JSON hold.

        Returns
        -------
        dict
            The tables ``dataset``, ``network``, ``initial`` and ``training``, each with its kind and its fields. Fields
            at their defaults are left out.

        See Also
        --------
        Problem.from_plain : The way back.

        Examples
        --------
        >>> from linmod import Aligned, Flow, Shallow, SystematicityDataset
        >>> Problem(SystematicityDataset(3, 1, 3, 1), Shallow(), Aligned(0.0), Flow([0.0, 1.0])).to_plain()["network"]
        {'kind': 'shallow'}
        """
        return {part: plain_part(part, kinds, getattr(self, part)) for part, kinds in KINDS.items()}

    @classmethod
    def from_plain(cls, tables: Mapping[str, Any]) -> Problem:
        """Make a problem from plain values.

        Parameters
        ----------
        tables : mapping of str to mapping
            The tables ``dataset``, ``network``, ``initial`` and ``training``, each with its kind and its fields, by
            the names of their parameters. Of a dataset with items held out, the problem learns the others.

        Returns
        -------
        Problem

        Raises
        ------
        TypeError, ValueError
            If a table or field is missing or not known, and what the parts raise, with the name of the table.

        See Also
        --------
        Problem.to_plain : The way back.

        Examples
        --------
        >>> problem = Problem.from_plain({
        ...     "dataset": {"kind": "systematicity", "n_x": 3, "n_y": 1, "k_x": 3, "k_y": 1},
        ...     "network": {"kind": "output_split", "network": {"kind": "deep", "hidden": 30}},
        ...     "initial": {"kind": "small_random", "std": 2e-4},
        ...     "training": {"kind": "flow", "times": {"stop": 4, "count": 5}}})
        >>> problem.times
        array([0., 1., 2., 3., 4.])
        >>> Problem.from_plain(problem.to_plain()).network == problem.network
        True
        """
        for name in tables:
            known("table", name, KINDS)
        missing = [name for name in KINDS if name not in tables]
        if missing:
            raise ValueError(f"the table {missing[0]} is missing")
        dataset, *others = (build(name, kinds, tables[name]) for name, kinds in KINDS.items())
        return cls(dataset.training if isinstance(dataset, HeldOut) else dataset, *others)
