"""A dataset split into the items that a network trains on and those that are held out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..validation import FloatArray, instance, integer
from .data import Data
from .dataset import Dataset


@dataclass(frozen=True, init=False)
class HeldOut:
    """A dataset of which only some items are trained on.

    Parameters
    ----------
    dataset : SystematicityDataset or Dataset
    items : iterable of int
        Numbers of the items to train on: different, at least one, not all.

    Raises
    ------
    TypeError, ValueError
        If the items are not different integers from 0 to below the number of items, or leave none on either side.

    See Also
    --------
    SystematicityDataset : The dataset that is divided.

    Notes
    -----
    All features are kept, those that no training item has too, so that one network serves both sides.

    Examples
    --------
    >>> from linmod import SystematicityDataset
    >>> split = HeldOut(SystematicityDataset(n_x=3, n_y=1, k_x=1, k_y=1), [0, 1, 2])
    >>> split.training.n_items, split.test.n_items
    (3, 5)
    """

    dataset: Data
    items: tuple[int, ...]

    def __init__(self, dataset: Data, items: Iterable[int]) -> None:
        instance("dataset", dataset, (Data,))
        instance("items", items, (Iterable,))
        chosen = tuple(integer("items entry", item) for item in items)
        if len(set(chosen)) < len(chosen):
            raise ValueError(f"items must be different, got {chosen}")
        if not 0 < len(chosen) < dataset.n_items or max(chosen) >= dataset.n_items:
            raise ValueError(
                f"items must be 1 to {dataset.n_items - 1} of the numbers 0 to {dataset.n_items - 1}, got {chosen}"
            )
        object.__setattr__(self, "dataset", dataset)
        object.__setattr__(self, "items", tuple(sorted(chosen)))

    @classmethod
    def random(cls, dataset: Data, size: int, seed: int) -> HeldOut:
        """Split off a uniformly random training set of the given size.

        Examples
        --------
        >>> from linmod import SystematicityDataset
        >>> HeldOut.random(SystematicityDataset(n_x=3, n_y=1, k_x=1, k_y=1), 3, seed=0).items
        (4, 5, 7)
        """
        instance("dataset", dataset, (Data,))
        if not 1 <= integer("size", size) < dataset.n_items:
            raise ValueError(f"size must be from 1 to {dataset.n_items - 1}, got {size}")
        generator = np.random.default_rng(integer("seed", seed))
        return cls(dataset, generator.choice(dataset.n_items, size, replace=False).tolist())

    @property
    def held_out(self) -> tuple[int, ...]:
        """Numbers of the items that are not trained on."""
        return tuple(sorted(set(range(self.dataset.n_items)) - set(self.items)))

    @cached_property
    def training(self) -> Dataset:
        """The items to train on."""
        return self._part(self.items)

    @cached_property
    def test(self) -> Dataset:
        """The items held out."""
        return self._part(self.held_out)

    def errors(self, maps: Iterable[FloatArray]) -> dict[str, FloatArray]:
        r"""Mean of :math:`|y - W x|^2` over the held-out items, for each output block.

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
        >>> split = HeldOut(SystematicityDataset(n_x=3, n_y=2, k_x=1, k_y=1), [0, 1, 2])
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
