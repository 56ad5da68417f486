"""A dataset split into the items that a network trains on and those that are held out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..validation import FloatArray, count_text, instance, integer
from .data import Data
from .dataset import Dataset


@dataclass(frozen=True, init=False)
class HeldOut:
    """A dataset of which some items are held out of training.

    Parameters
    ----------
    dataset : SystematicityDataset or Dataset
    train : iterable of int, optional
        Numbers of the items to train on: different, at least one, not all.
    held_out : iterable of int, optional
        Numbers of the items to hold out, in place of `train`.

    Raises
    ------
    TypeError, ValueError
        If not exactly one of `train` and `held_out` is given, if the items are not different integers from 0 to below
        the number of items, or if they leave none on the other side.

    See Also
    --------
    linmod.theory.held_out_errors : The predicted errors on the items held out.
    linmod.dynamics.held_out_errors : The simulated ones.
    SystematicityDataset : The dataset that is divided.

    Notes
    -----
    All features are kept, also those that no training item has, so that one network serves both sides.

    Examples
    --------
    >>> from linmod import SystematicityDataset
    >>> split = HeldOut(SystematicityDataset(n_x=3, n_y=1, k_x=1, k_y=1), train=[0, 1, 2])
    >>> split.training.n_items, split.test.n_items
    (3, 5)
    >>> split == HeldOut(split.dataset, held_out=[3, 4, 5, 6, 7])
    True
    """

    dataset: Data
    train: tuple[int, ...]

    def __init__(
        self, dataset: Data, *, train: Iterable[int] | None = None, held_out: Iterable[int] | None = None
    ) -> None:
        instance("dataset", dataset, (Data,))
        if train is not None and held_out is None:
            chosen = _items("train", train, dataset.n_items)
        elif held_out is not None and train is None:
            chosen = _others(_items("held_out", held_out, dataset.n_items), dataset.n_items)
        else:
            raise TypeError("HeldOut takes either train= or held_out=, and not both")
        object.__setattr__(self, "dataset", dataset)
        object.__setattr__(self, "train", chosen)

    @classmethod
    def random(cls, dataset: Data, size: int, *, seed: int) -> HeldOut:
        """Draw a uniformly random training set.

        Parameters
        ----------
        dataset : SystematicityDataset or Dataset
        size : int
            Number of items to train on.
        seed : int
            Seed of the generator (:func:`numpy.random.default_rng`).

        Returns
        -------
        HeldOut

        Examples
        --------
        >>> from linmod import SystematicityDataset
        >>> HeldOut.random(SystematicityDataset(n_x=3, n_y=1, k_x=1, k_y=1), 3, seed=0).train
        (4, 5, 7)
        """
        instance("dataset", dataset, (Data,))
        if not 1 <= integer("size", size) < dataset.n_items:
            raise ValueError(f"size must be from 1 to {count_text(dataset.n_items - 1)}, got {size}")
        if dataset.n_items >= 2**63:
            raise ValueError(
                f"dataset must have fewer than 2**63 items to draw from, got {count_text(dataset.n_items)}"
            )
        generator = np.random.default_rng(integer("seed", seed))
        return cls(dataset, train=generator.choice(dataset.n_items, size, replace=False).tolist())

    @property
    def held_out(self) -> tuple[int, ...]:
        """Numbers of the items that are not trained on."""
        return _others(self.train, self.dataset.n_items)

    @cached_property
    def training(self) -> Dataset:
        """The items to train on."""
        return self._part(self.train)

    @cached_property
    def test(self) -> Dataset:
        """The items held out."""
        return self._part(self.held_out)

    def errors(self, maps: Iterable[FloatArray]) -> dict[str, FloatArray]:
        r"""Return the mean of :math:`|y - W x|^2` over the held-out items, for each output block.

        Parameters
        ----------
        maps : iterable of ndarray, shape (output features, input features)

        Returns
        -------
        dict of str to ndarray, shape (maps,)

        Examples
        --------
        >>> import numpy as np
        >>> from linmod import SystematicityDataset
        >>> split = HeldOut(SystematicityDataset(n_x=3, n_y=2, k_x=1, k_y=1), train=[0, 1, 2])
        >>> split.errors([np.zeros((10, 11))])
        {'omega_y': array([2.]), 'gamma_y': array([1.])}
        """
        squared = np.array([np.mean(np.square(self.test.Y - W @ self.test.X), axis=1) for W in maps])
        return {name: np.sum(squared[:, block], axis=1) for name, block in self.dataset.output_blocks.items()}

    def _part(self, items: tuple[int, ...]) -> Dataset:
        whole = self.dataset
        return Dataset(
            whole.X[:, items], whole.Y[:, items], input_blocks=whole.input_blocks, output_blocks=whole.output_blocks
        )


def _items(name: str, given: Iterable[int], n_items: int) -> tuple[int, ...]:
    instance(name, given, (Iterable,))
    chosen = tuple(integer(f"{name} entry", item) for item in given)
    if len(set(chosen)) < len(chosen):
        raise ValueError(f"{name} must hold different items, got {chosen}")
    if not 0 < len(chosen) < n_items or max(chosen) >= n_items:
        raise ValueError(f"{name} must be 1 to {n_items - 1} of the numbers 0 to {n_items - 1}, got {chosen}")
    return tuple(sorted(chosen))


def _others(items: tuple[int, ...], n_items: int) -> tuple[int, ...]:
    return tuple(sorted(set(range(n_items)) - set(items)))
