"""Checkpoints of a network, which hold matrices in order, a function, or both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ..problem import Weights
from .arrays import DOUBLE, axes, is_array, memory, read_array
from .torch_modules import is_module

FORMS = "matrices in order, a mapping of names to arrays, a function, a torch module, or a sequence of one of these"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A network at one time.

    Attributes
    ----------
    name : str
        How errors call it.
    given : object
        The network as it was given.
    matrices : tuple of ndarray
        Its matrices as they are listed, (units after, units before); none for a function.
    offsets : tuple of str
        Names of the parameters that are neither matrices nor zero, such as biases.
    precision : float
        Coarsest machine epsilon of its parameters.
    addresses : tuple of int
        Where the entries lie that can change in place.

    See Also
    --------
    read_checkpoints : Reads a network as checkpoints.
    """

    name: str
    given: Any
    matrices: Weights = ()
    offsets: tuple[str, ...] = ()
    precision: float = DOUBLE
    addresses: tuple[int, ...] = ()

    @property
    def is_function(self) -> bool:
        """Whether its outputs are found by calling it."""
        return callable(self.given)


def read_checkpoints(network: Any) -> tuple[Checkpoint, ...]:
    """Read one network, or its checkpoints, in any of the forms that :func:`linmod.project` takes.

    Parameters
    ----------
    network : matrices, mapping, function, torch module, or a sequence of one of these

    Returns
    -------
    tuple of Checkpoint
        One for each time.

    Raises
    ------
    TypeError, ValueError
        If it has none of these forms, or an array is not real and finite in single or double precision.

    See Also
    --------
    project : Checkpoints as a trajectory.

    Examples
    --------
    >>> [checkpoint.name for checkpoint in read_checkpoints([[np.eye(2)], [np.eye(2)]])]
    ['network[0]', 'network[1]']
    """
    if is_array(network):
        return _stacked([network]) if axes(network) == 3 else (_layers("network", [network]),)
    if not _is_sequence(network):
        return (_one("network", network),)
    parts = list(network)
    if not parts:
        raise ValueError("network must hold at least one matrix or checkpoint, got none")
    if not any(is_array(part) for part in parts):
        checkpoints = tuple(_one(f"network[{i}]", part) for i, part in enumerate(parts))
        _require_copies(checkpoints)
        return checkpoints
    if all(is_array(part) and axes(part) == 3 for part in parts):
        return _stacked(parts)
    return (_layers("network", parts),)


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Iterable) and not (isinstance(value, str | bytes | Mapping) or callable(value))


def _one(name: str, network: Any) -> Checkpoint:
    if is_module(network):
        return _named_parts(name, network, dict(network.named_parameters()))
    if isinstance(network, Mapping):
        return _named_parts(name, network, network)
    if callable(network) and not isinstance(network, type):
        return Checkpoint(name, network)
    if _is_sequence(network):
        return _layers(name, list(network))
    raise TypeError(f"{name} must be {FORMS}, got {type(network).__name__}")


def _layers(name: str, parts: Sequence[Any]) -> Checkpoint:
    if not parts:
        raise ValueError(f"{name} must hold at least one matrix, got none")
    read = [read_array(f"{name}[{i}]", part, 2) for i, part in enumerate(parts)]
    return Checkpoint(
        name,
        parts,
        matrices=tuple(entries for entries, _ in read),
        precision=max(precision for _, precision in read),
        addresses=_addresses(parts),
    )


def _named_parts(name: str, network: Any, parts: Mapping[str, Any]) -> Checkpoint:
    """Read parameters by name: those with two axes are matrices, the others offsets unless they are zero."""
    matrices, offsets, precisions = [], [], [DOUBLE]
    for key, value in parts.items():
        entries, precision = read_array(f"{name}[{key!r}]", value, axes(value) if is_array(value) else 2)
        precisions.append(precision)
        if entries.ndim == 2:
            matrices.append(entries)
        elif np.any(entries):
            offsets.append(str(key))
    return Checkpoint(name, network, tuple(matrices), tuple(offsets), max(precisions), _addresses(parts.values()))


def _stacked(layers: Sequence[Any]) -> tuple[Checkpoint, ...]:
    """Read one array for each layer, with time as its first axis."""
    read = [read_array(f"network[{i}]", layer, 3) for i, layer in enumerate(layers)]
    lengths = [len(entries) for entries, _ in read]
    if len(set(lengths)) > 1 or lengths[0] == 0:
        raise ValueError(f"network must hold the same number of times for every layer, at least one, got {lengths}")
    precision = max(precision for _, precision in read)
    times = zip(*(entries for entries, _ in read), strict=True)
    return tuple(
        Checkpoint(f"network at time {i}", layers, matrices, precision=precision) for i, matrices in enumerate(times)
    )


def _addresses(values: Iterable[Any]) -> tuple[int, ...]:
    found: Iterator[int | None] = map(memory, values)
    return tuple(address for address in found if address is not None)


def _require_copies(checkpoints: Sequence[Checkpoint]) -> None:
    """Raise if two checkpoints in a row are the same arrays, which training has changed in place."""
    for before, after in pairwise(checkpoints):
        if before.addresses and before.addresses == after.addresses:
            raise ValueError(
                f"{before.name} and {after.name} share their memory, so that both hold the last values: record copies,"
                " as by [p.detach().clone() for p in model.parameters()] or copy.deepcopy(model)"
            )
