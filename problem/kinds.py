"""The list of kinds: every dataset, network, start, training and rule by name, from plain values and back.

Networks, starts and trainings are those of the unions `Network`, `Initial` and `Training`, with named constructors.
Plain values are what TOML and JSON hold: texts, truth values, numbers, and lists and tables of these.
"""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import numpy as np

from ..datasets import Dataset, HeldOut, SystematicityDataset
from ..validation import integer, real
from .arrays import read_array
from .dense import Chain, Deep
from .modular import Module, Network
from .rules import Rule
from .starts import Initial
from .training import Training

Table = dict[str, Any]

REQUIRED = inspect.Parameter.empty
SPAN = ("start", "stop", "count")


class UnknownNameError(ValueError):
    """A name that is not among those allowed."""


@dataclass(frozen=True)
class Kind:
    """A named way to make a part of a problem.

    Attributes
    ----------
    name : str
    build : callable
        A class, or a classmethod that makes one of its objects; its parameters are the fields.
    stored_as : mapping of str to str
        Attributes that hold the value of a field, where they have another name.
    """

    name: str
    build: Callable[..., Any]
    stored_as: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def fields(self) -> Mapping[str, Any]:
        """Names of the fields with their defaults, or REQUIRED."""
        return {name: p.default for name, p in inspect.signature(self.build).parameters.items()}


def kind_of(cls: type) -> Kind:
    """Return the kind of a class, by the name of the class in small letters.

    Examples
    --------
    >>> from linmod import SmallRandom
    >>> kind_of(SmallRandom).name
    'small_random'
    """
    return Kind(re.sub("(?<!^)(?=[A-Z])", "_", cls.__name__).lower(), cls, getattr(cls, "stored_as", {}))


def constructors(cls: type) -> tuple[Kind, ...]:
    """Return the named constructors of a class, its public classmethods, in their order."""
    named = (name for name, value in vars(cls).items() if isinstance(value, classmethod) and not name.startswith("_"))
    return tuple(Kind(name, getattr(cls, name)) for name in named)


def kinds_of(union: Any) -> tuple[Kind, ...]:
    """Return the classes of a union, each with its named constructors."""
    return tuple(kind for cls in get_args(union) for kind in (kind_of(cls), *constructors(cls)))


DATASETS = (
    Kind("systematicity", SystematicityDataset),
    Kind("dataset", Dataset),
    Kind("held_out", HeldOut),
    Kind("random_held_out", HeldOut.random),
)
NETWORKS, STARTS, TRAININGS = kinds_of(Network), kinds_of(Initial), kinds_of(Training)
RULES = (Kind("mixture", Rule), *constructors(Rule))
MODULES = (kind_of(Module),)
KINDS: dict[str, tuple[Kind, ...]] = {
    "dataset": DATASETS,
    "network": NETWORKS,
    "initial": STARTS,
    "training": TRAININGS,
}


def classes(kinds: Sequence[Kind]) -> tuple[type, ...]:
    """Return the classes among the kinds.

    Examples
    --------
    >>> [kind.__name__ for kind in classes(NETWORKS)]
    ['Shallow', 'Deep', 'Modular']
    """
    return tuple(kind.build for kind in kinds if isinstance(kind.build, type))


def names(kinds: Sequence[Kind]) -> list[str]:
    """Return the names of the kinds, in their order."""
    return [kind.name for kind in kinds]


def known(name: str, given: Any, allowed: Iterable[str]) -> str:
    """Return `given` if it is one of the allowed names, or raise and say which are near it."""
    options = list(allowed)
    if given not in options:
        near = difflib.get_close_matches(str(given), options) or options
        raise UnknownNameError(f"{name} {given!r} is not known; near it: {', '.join(near)}")
    return str(given)


def find(name: str, kinds: Sequence[Kind], given: Any) -> Kind:
    """Return the kind of a name, or raise an error that names similar ones."""
    return kinds[names(kinds).index(known(f"{name}.kind", given, names(kinds)))]


def build(name: str, kinds: Sequence[Kind], values: Any) -> Any:
    """Make a part of a problem from plain values.

    Parameters
    ----------
    name : str
        What it is called in errors.
    kinds : sequence of Kind
    values : mapping, or str
        A ``kind`` (the first of the kinds unless given) and fields; a text is the name of a kind.

    Returns
    -------
    object

    Raises
    ------
    TypeError, ValueError
        If the kind or a field is not known, a field is missing, or the part refuses a value.

    Examples
    --------
    >>> build("rule", RULES, "contrastive_hebbian"), build("rule", RULES, {"hebbian": 0.1})
    (Rule(contrastive=1.0), Rule(hebbian=0.1))
    >>> build("network", NETWORKS, {"kind": "race", "network": {"kind": "shallow"}})
    Modular([Module(omega_x -> omega_y, Shallow()), Module(gamma_x -> omega_y, Shallow())])
    """
    if not isinstance(values, str | Mapping):
        raise TypeError(f"{name} must be a table of fields or the name of a kind, got {values!r}")
    table: Table = {"kind": values} if isinstance(values, str) else dict(values)
    kind = find(name, kinds, table.pop("kind", kinds[0].name))
    for entry in table:
        known(f"field of {name}", entry, kind.fields)
    for entry, default in kind.fields.items():
        if default is REQUIRED and entry not in table:
            raise TypeError(f"{name}.{entry} is missing; {kind.name} needs it")
    taken = {entry: READERS.get(entry, _same)(f"{name}.{entry}", value) for entry, value in table.items()}
    try:
        return kind.build(**taken)
    except TypeError as error:
        raise TypeError(f"{name}: {error}") from error
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def plain_part(name: str, kinds: Sequence[Kind], part: Any) -> Table:
    """Return the kind and the fields of a part as plain values; fields at their defaults are left out.

    Parameters
    ----------
    name : str
        What it is called in errors.
    kinds : sequence of Kind
    part : object

    Returns
    -------
    dict
        What :func:`build` makes an equal part from.

    Raises
    ------
    TypeError
        If the part is of none of the kinds.

    Examples
    --------
    >>> from linmod import Descent
    >>> plain_part("training", TRAININGS, Descent(0.16, 300, rule=Rule(hebbian=0.1)))
    {'kind': 'descent', 'step_size': 0.16, 'steps': 300, 'rule': {'kind': 'mixture', 'hebbian': 0.1}}
    """
    for kind in kinds:
        if type(part) is kind.build:
            values = {entry: getattr(part, kind.stored_as.get(entry, entry)) for entry in kind.fields}
            kept = {entry: value for entry, value in values.items() if not _is_default(value, kind.fields[entry])}
            if isinstance(part, HeldOut):
                del kept["held_out"]
            return {"kind": kind.name, **{e: _plain(f"{name}.{e}", value) for e, value in kept.items()}}
    allowed = ", ".join(cls.__name__ for cls in classes(kinds))
    raise TypeError(f"{name} must be one of {allowed} to be written as plain values, got {type(part).__name__}")


def plain(name: str, value: Any) -> Any:
    """Return a value as JSON holds it: text, truth, number, or lists and mappings of these; or raise."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, str | bool | int | float):
        if isinstance(value, float):
            real(name, value)
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(f"{name}.{key}", item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [plain(f"{name}[{index}]", item) for index, item in enumerate(value)]
    raise TypeError(f"{name} must be a number, a text, or a list or table of these, got {type(value).__name__}")


def time_grid(name: str, times: Any) -> Any:
    """Turn a table with ``stop``, ``count`` and perhaps ``start`` into evenly spaced times; leave a list as it is."""
    if not isinstance(times, Mapping):
        return times
    for entry in times:
        known(f"{name} field", entry, SPAN)
    missing = sorted({"stop", "count"} - set(times))
    if missing:
        raise ValueError(f"{name} must be a list, or a table with stop and count, {missing[0]} is missing")
    start, stop = real(f"{name}.start", times.get("start", 0.0)), real(f"{name}.stop", times["stop"])
    return np.linspace(start, stop, integer(f"{name}.count", times["count"], 1))


def _same(name: str, value: Any) -> Any:
    return value


def _list(name: str, value: Any) -> list[Any]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TypeError(f"{name} must be a list, got {value!r}")
    return list(value)


def _modules(name: str, value: Any) -> list[Any]:
    return [build(f"{name}[{at}]", MODULES, entry) for at, entry in enumerate(_list(name, value))]


def _weights(name: str, value: Any) -> list[Any]:
    return [read_array(f"{name}[{at}]", entry) for at, entry in enumerate(_list(name, value))]


def _blocks(name: str, value: Any) -> dict[str, slice]:
    """Return the blocks from their first feature and the one after their last, in the order of the features."""
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must be a table of blocks with [start, stop], got {value!r}")
    spans = {}
    for block, span in value.items():
        if len(_list(f"{name}.{block}", span)) != 2:
            raise ValueError(f"{name}.{block} must be [start, stop], got {span!r}")
        spans[block] = [integer(f"{name}.{block}[{at}]", edge) for at, edge in enumerate(span)]
    return {block: slice(*span) for block, span in sorted(spans.items(), key=lambda entry: entry[1])}


CHAINS = tuple(sorted(kinds_of(Chain), key=lambda kind: kind.build is not Deep))
READERS: dict[str, Callable[[str, Any], Any]] = {
    "X": read_array,
    "Y": read_array,
    "input_blocks": _blocks,
    "output_blocks": _blocks,
    "dataset": lambda name, value: build(name, DATASETS[:2], value),
    "network": lambda name, value: build(name, CHAINS, value),
    "modules": _modules,
    "weights": _weights,
    "times": time_grid,
    "rule": lambda name, value: build(name, RULES, value),
}
PARTS: tuple[tuple[Kind, ...], ...] = (DATASETS, NETWORKS, RULES, MODULES)


def _plain(name: str, value: Any) -> Any:
    for kinds in PARTS:
        if isinstance(value, classes(kinds)):
            return plain_part(name, kinds, value)
    if isinstance(value, slice):
        return [value.start, value.stop]
    if isinstance(value, Mapping):
        return {str(key): _plain(f"{name}.{key}", entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(f"{name}[{at}]", entry) for at, entry in enumerate(value)]
    return plain(name, value)


def _is_default(value: Any, default: Any) -> bool:
    return isinstance(value, type(default)) and bool(np.all(value == default))
