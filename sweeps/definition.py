"""The definition of a sweep: a problem, the fields that vary, and the quantities to record."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Any

from ..problem import Problem
from ..problem.arrays import sealed
from ..problem.kinds import KINDS, UnknownNameError, find, known, names, plain
from ..validation import instance, integer
from .description import Description, build_part, build_parts, label, with_field, without_field
from .dimensions import check_axes, check_names
from .quantities import QUANTITIES, SOLUTIONS

Columns = dict[str, list[Any]]
LARGEST_INTEGER = 2**31 - 1
HELD_OUT = ("held_out", "random_held_out")


@dataclass(frozen=True)
class Sweep:
    """A problem, the fields of it that vary, and what to record at each point.

    Parameters
    ----------
    base : mapping of str to mapping
        The sections ``dataset``, ``network``, ``initial`` and ``training``, each with a ``kind`` and its fields by the
        names of their classes, as :meth:`linmod.Problem.from_plain` takes them. Fields that are left out have their
        defaults. Times can be a table with ``stop`` (units of tau), ``count`` and perhaps ``start``. An array is a list
        of lists, or the path of a file that NumPy has written.
    grid : mapping, optional
        Values of fields by path, such as ``{"dataset.n_x": [1, 2, 3]}`` or ``{"training.rule.hebbian": [0, 0.1]}``:
        every combination is a point. A number picks an entry of a list: ``"network.modules.0.network.hidden"``.
    lists : mapping, optional
        For each name of a dimension, fields that vary together along it, with lists of the same length.
    seeds : int or sequence of int, optional
        Seeds of the random start; a number means that many, from 0 on.
    record : sequence of str, default ("modes", "loss")
        Any of ``modes``, ``norms``, ``loss``, ``systematicity_ratio``, ``half_time``, ``held_out_errors``.
    solutions : sequence of str, default ("simulation",)
        ``simulation``, ``prediction``, or both.
    over_time : bool, default False
        Record at all times that the training reports, not only at the last.

    Raises
    ------
    TypeError, ValueError
        For a field, kind or quantity that is not known (with those near it), a value of the wrong type, an empty
        or repeated list, seeds without a random start, or a part of the problem that fits no point.

    See Also
    --------
    sweep : Solve all its problems.
    read_sweep, write_sweep : Definitions as TOML files.

    Examples
    --------
    >>> base = {"dataset": {"n_x": 3, "n_y": 1, "k_x": 3, "k_y": 1}, "network": {"kind": "deep"},
    ...         "initial": {"kind": "small_random", "std": 2e-4},
    ...         "training": {"kind": "descent", "step_size": 0.16, "steps": 300}}
    >>> Sweep(base, grid={"dataset.n_x": [2, 3, 4], "network.hidden": [30, 50]}, seeds=8)
    Sweep(48 points: n_x 3, hidden 2, seed 8)
    """

    base: Mapping[str, Mapping[str, Any]]
    grid: Mapping[str, Any] = field(default_factory=dict)
    lists: Mapping[str, Any] = field(default_factory=dict)
    seeds: int | Sequence[int] | None = None
    record: Sequence[str] = ("modes", "loss")
    solutions: Sequence[str] = ("simulation",)
    over_time: bool = False

    def __post_init__(self) -> None:
        given = sealed("base", plain("base", self.base))
        _check_sections(given)
        object.__setattr__(self, "record", _names("record", self.record, QUANTITIES))
        object.__setattr__(self, "solutions", _names("solutions", self.solutions, SOLUTIONS))
        instance("over_time", self.over_time, (bool,))
        columns = [column for axis in self.axes.values() for column in axis.items()]
        object.__setattr__(self, "base", _complete(given, columns))
        check_names(self.base, self.axes)
        _check_values(self)
        _check_record(self)

    def __repr__(self) -> str:
        lengths = ", ".join(f"{name} {length}" for name, length in zip(self.axes, self.shape, strict=True))
        return f"Sweep({len(self)} point{'s' * (len(self) != 1)}{': ' * bool(lengths)}{lengths})"

    def __len__(self) -> int:
        return math.prod(self.shape)

    @cached_property
    def axes(self) -> dict[str, Columns]:
        """For each dimension, the fields that vary along it by path, with their values."""
        given = [(label(path), {path: values}) for path, values in _paths(_columns("grid", self.grid)).items()]
        given += [(name, _paths(_columns(f"lists.{name}", together))) for name, together in dict(self.lists).items()]
        if self.seeds is not None:
            given.append(("seed", {"initial.seed": _seeds(self.seeds)}))
        check_axes(given)
        return dict(given)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Number of values along each dimension."""
        return tuple(len(next(iter(columns.values()))) for columns in self.axes.values())

    @property
    def definition(self) -> dict[str, Any]:
        """Everything that determines the results, as plain values; equal for equivalent sweeps."""
        return {
            "base": self.base,
            "axes": self.axes,
            "record": list(self.record),
            "solutions": list(self.solutions),
            "over_time": self.over_time,
        }

    def indices(self) -> Iterator[tuple[int, ...]]:
        """Return where each point stands along the dimensions, in the order in which points are numbered."""
        return product(*map(range, self.shape))

    def description(self, index: Sequence[int]) -> Description:
        """Return the problem at one point, as plain values."""
        described: Description = {section: dict(values) for section, values in self.base.items()}
        for at, columns in zip(index, self.axes.values(), strict=True):
            for path, values in columns.items():
                section, *fields = path.split(".")
                described[section] = with_field(section, described[section], fields, values[at])
        return described

    def problem(self, index: Sequence[int]) -> Problem:
        """Return the problem at one point."""
        _, problem = build_parts(self.description(index))
        return problem

    @classmethod
    def from_definition(cls, definition: Mapping[str, Any]) -> Sweep:
        """Make a sweep from its definition.

        Parameters
        ----------
        definition : mapping
            What :attr:`definition` returns, and the results keep.

        Returns
        -------
        Sweep

        Examples
        --------
        >>> base = {"dataset": {"n_x": 3, "n_y": 1, "k_x": 3, "k_y": 1}, "network": {"kind": "shallow"},
        ...         "initial": {"kind": "small_random"}, "training": {"kind": "flow", "times": [0, 1]}}
        >>> Sweep.from_definition(Sweep(base, grid={"dataset.r": [1, 2]}, seeds=4).definition)
        Sweep(8 points: r 2, seed 4)
        """
        others = {name: value for name, value in definition.items() if name not in ("base", "axes")}
        return cls(definition["base"], lists=definition["axes"], **others)


def _check_sections(base: Any) -> None:
    instance("base", base, (dict,))
    for section, values in base.items():
        known("section", section, KINDS)
        if not isinstance(values, dict):
            raise TypeError(f"{section} must be a table of fields, got {values!r}")
    for section in KINDS:
        if section not in base:
            raise ValueError(f"the section {section} is missing")


def _columns(name: str, given: Any) -> Columns:
    """Return the fields by path with their values, from tables that may be nested."""
    if not isinstance(given, Mapping):
        raise TypeError(f"{name} must be a table of fields with their values, got {given!r}")
    columns: Columns = {}
    for key, values in given.items():
        if isinstance(values, Mapping):
            columns |= {f"{key}.{rest}": column for rest, column in _columns(f"{name}.{key}", values).items()}
        elif isinstance(values, str) or not hasattr(values, "__iter__"):
            raise TypeError(f"{name}.{key} must be a list of values, got {values!r}")
        else:
            columns[key] = sealed(f"{name}.{key}", plain(f"{name}.{key}", list(values)))
    return columns


def _paths(columns: Columns) -> Columns:
    for path in columns:
        section, dot, _ = path.partition(".")
        known("section", section, KINDS)
        if not dot:
            raise ValueError(f"{path} must be the path of a field, such as dataset.n_x")
    return columns


def _seeds(seeds: Any) -> list[int]:
    if isinstance(seeds, str) or not hasattr(seeds, "__iter__"):
        return list(range(integer("seeds", seeds, 1)))
    return [integer("seeds entry", seed) for seed in seeds]


def _names(name: str, given: Any, allowed: Sequence[str] | Mapping[str, Any]) -> tuple[str, ...]:
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise TypeError(f"{name} must be a list of names, got {given!r}")
    names = tuple(known(f"{name} entry", entry, allowed) for entry in given)
    if not names or len(set(names)) != len(names):
        raise ValueError(f"{name} must name at least one of {', '.join(allowed)}, each once, got {list(names)}")
    return names


def _complete(base: Description, columns: Sequence[tuple[str, list[Any]]]) -> Description:
    """Check every field against the kinds in use, and fill in the defaults."""
    varied = dict(columns)
    complete: Description = {}
    for section, values in base.items():
        kinds = varied.get(f"{section}.kind", [values.get("kind", names(KINDS[section])[0])])
        if section != "dataset" and "kind" not in values and f"{section}.kind" not in varied:
            raise ValueError(f"{section}.kind is missing; it is one of {', '.join(names(KINDS[section]))}")
        allowed: dict[str, Any] = {"kind": None}
        for kind in kinds:
            allowed |= find(section, KINDS[section], kind).fields
        for path in [*(f"{section}.{name}" for name in values), *varied]:
            if path.startswith(f"{section}."):
                known(f"field of {section}", path.split(".")[1], allowed)
        defaults = {name: default for name, default in allowed.items() if isinstance(default, str | int | float)}
        fixed = {"kind": kinds[0], **defaults, **values}
        for path in varied:
            if path.startswith(f"{section}."):
                fixed = without_field(fixed, path.split(".")[1:])
        complete[section] = fixed
    return complete


def _check_values(sweep: Sweep) -> None:
    """Refuse values of a wrong type, integers too large for a label, and values that are wrong at every point."""
    varied = {path.split(".", 1)[0] for columns in sweep.axes.values() for path in columns}
    first = [0] * len(sweep.shape)
    for section, values in sweep.description(first).items():
        if section not in varied:
            build_part(section, values)
    for at, columns in enumerate(sweep.axes.values()):
        for row in range(sweep.shape[at]):
            described = sweep.description([*first[:at], row, *first[at + 1 :]])
            for path in columns:
                _check_type(path, described)


def _check_type(path: str, described: Description) -> None:
    section, *steps = path.split(".")
    value: Any = described[section]
    for step in steps:
        value = value[int(step)] if isinstance(value, list) else value.get(step)
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        raise ValueError(f"{path} must be at most {LARGEST_INTEGER} in a sweep, got {value}")
    try:
        build_part(section, described[section])
    except UnknownNameError:
        raise
    except ValueError:
        return  # it may fit at other points; where it does not, the point records the error


def _check_record(sweep: Sweep) -> None:
    kinds = [kind for columns in sweep.axes.values() for kind in columns.get("dataset.kind", [])]
    if "held_out_errors" in sweep.record and not {*kinds, sweep.base["dataset"].get("kind")} & set(HELD_OUT):
        raise ValueError(f"record entry held_out_errors needs a dataset of kind {' or '.join(HELD_OUT)}")
