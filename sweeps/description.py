"""Problems described by plain values, as they stand in a file: names, numbers, lists."""

from __future__ import annotations

import difflib
import inspect
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..datasets import SystematicityDataset
from ..problem import Aligned, Deep, Descent, Flow, Problem, Shallow, SmallRandom
from ..validation import integer, real

Section = dict[str, Any]
Description = dict[str, Section]

KINDS: dict[str, dict[str, Callable[..., Any]]] = {
    "dataset": {"systematicity": SystematicityDataset},
    "network": {"shallow": Shallow, "deep": Deep},
    "initial": {"aligned": Aligned, "small_random": SmallRandom},
    "training": {"flow": Flow, "descent": Descent},
}
UNITS = {"times": "tau", "step_size": "1/tau"}
REQUIRED = inspect.Parameter.empty
SPAN = ("start", "stop", "count")


def plain(name: str, value: Any) -> Any:
    """Return a value as JSON holds it: text, truth, number, or lists and mappings of these; or raise."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, str | bool | int | float):
        if isinstance(value, float):
            real(name, value)
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(f"{name}.{key}", item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [plain(f"{name}[{index}]", item) for index, item in enumerate(value)]
    raise TypeError(f"{name} must be a number, a text, or a list or table of these, got {type(value).__name__}")


def canonical(value: Any) -> str:
    """One text for equal values, whatever the order of their keys."""
    return json.dumps(value, sort_keys=True, allow_nan=False, separators=(",", ":"))


def known(name: str, given: str, allowed: Iterable[str]) -> str:
    """Return `given` if it is one of the allowed names, or raise and say which are near it."""
    options = list(allowed)
    if given not in options:
        near = difflib.get_close_matches(str(given), options) or options
        raise ValueError(f"{name} {given!r} is not known; near it: {', '.join(near)}")
    return given


def fields(section: str, kind: str) -> dict[str, Any]:
    """Fields that a kind of dataset, network, start or training takes, with their defaults or REQUIRED."""
    return {name: p.default for name, p in inspect.signature(KINDS[section][kind]).parameters.items()}


def label(path: str) -> str:
    """Name of a field in the results: ``dataset.n_x`` is ``n_x``, ``network.kind`` is ``network``."""
    section, field = path.split(".", 1)
    return section if field == "kind" else field


def build_section(section: str, values: Section) -> Any:
    """Make a dataset, network, start or training; fields that its kind lacks are left out."""
    kind = values["kind"]
    taken = {name: values[name] for name in fields(section, kind) if name in values}
    for name, default in fields(section, kind).items():
        if default is REQUIRED and name not in taken:
            raise TypeError(f"{section}.{name} is missing; {kind} needs it")
    if "times" in taken:
        taken["times"] = time_grid(taken["times"])
    try:
        return KINDS[section][kind](**taken)
    except TypeError as error:
        raise TypeError(f"{section}: {error}") from error
    except ValueError as error:
        raise ValueError(f"{section}: {error}") from error


def build_problem(description: Description) -> Problem:
    """Make the problem that a description means.

    Parameters
    ----------
    description : mapping of str to mapping
        The sections ``dataset``, ``network``, ``initial`` and ``training``, each with its ``kind`` and fields.

    Returns
    -------
    Problem

    Raises
    ------
    TypeError, ValueError
        What the dataset, network, start, training or problem itself raises, with the name of the section.

    Examples
    --------
    >>> build_problem({"dataset": {"kind": "systematicity", "n_x": 3, "n_y": 1, "k_x": 3, "k_y": 1},
    ...                "network": {"kind": "shallow"}, "initial": {"kind": "aligned"},
    ...                "training": {"kind": "flow", "times": {"stop": 4, "count": 5}}}).times
    array([0., 1., 2., 3., 4.])
    """
    return Problem(*(build_section(section, description[section]) for section in KINDS))


def time_grid(times: Any) -> Any:
    """Turn a table with ``stop``, ``count`` and perhaps ``start`` into evenly spaced times; leave a list as it is."""
    if not isinstance(times, Mapping):
        return times
    for name in times:
        known("times field", name, SPAN)
    missing = sorted({"stop", "count"} - set(times))
    if missing:
        raise ValueError(f"times must be a list, or a table with stop and count, {missing[0]} is missing")
    start, stop = real("times.start", times.get("start", 0.0)), real("times.stop", times["stop"])
    return np.linspace(start, stop, integer("times.count", times["count"], 1))
