"""Problems described by plain values, and the fields of them that vary, by path."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..datasets import HeldOut
from ..problem import Problem
from ..problem.kinds import KINDS, build, find

Section = dict[str, Any]
Description = dict[str, Section]

UNITS = {"times": "tau", "step_size": "1/tau"}
SHARED = ("dataset.dataset", "dataset.seed", "network.network")


def canonical(value: Any) -> str:
    """Return one text for equal values, independent of the order of their keys."""
    return json.dumps(value, sort_keys=True, allow_nan=False, separators=(",", ":"))


def label(path: str) -> str:
    """Return the name of a field in the results.

    It is the path without the section, except where another section has a field of that name.

    Examples
    --------
    >>> label("dataset.n_x"), label("network.kind"), label("training.rule.hebbian"), label("dataset.seed")
    ('n_x', 'network', 'rule_hebbian', 'dataset_seed')
    """
    section, field = path.split(".", 1)
    if field == "kind":
        return section
    shared = any(path == name or path.startswith(f"{name}.") for name in SHARED)
    return (path if shared else field).replace(".", "_")


def build_part(section: str, values: Section) -> Any:
    """Make a dataset, network, start or training; fields that its kind lacks are left out."""
    allowed = find(section, KINDS[section], values["kind"]).fields
    return build(section, KINDS[section], {n: value for n, value in values.items() if n == "kind" or n in allowed})


def build_parts(description: Description) -> tuple[Any, Problem]:
    """Make the dataset that a description names, and the problem: of items held out, the network learns the others.

    Parameters
    ----------
    description : mapping of str to mapping
        The sections ``dataset``, ``network``, ``initial`` and ``training``, each with its ``kind`` and fields.

    Returns
    -------
    tuple of (SystematicityDataset, Dataset or HeldOut) and Problem

    Raises
    ------
    TypeError, ValueError
        What the dataset, network, start, training or problem itself raises, with the name of the section.

    Examples
    --------
    >>> dataset, problem = build_parts({
    ...     "dataset": {"kind": "held_out", "train": [0, 3], "dataset": {"n_x": 2, "n_y": 1, "k_x": 1, "k_y": 1}},
    ...     "network": {"kind": "shallow"}, "initial": {"kind": "aligned"},
    ...     "training": {"kind": "flow", "times": {"stop": 4, "count": 5}}})
    >>> dataset.held_out, problem.dataset.n_items
    ((1, 2), 2)
    """
    dataset, *others = (build_part(section, description[section]) for section in KINDS)
    return dataset, Problem(dataset.training if isinstance(dataset, HeldOut) else dataset, *others)


def with_field(name: str, table: Any, path: Sequence[str], value: Any) -> Any:
    """Return plain values with one field set; the given values do not change.

    Examples
    --------
    >>> with_field("training", {"rule": "gradient"}, ["steps"], 3)
    {'rule': 'gradient', 'steps': 3}
    >>> with_field("network", {"modules": [{"inputs": "omega_x"}]}, ["modules", "0", "inputs"], "gamma_x")
    {'modules': [{'inputs': 'gamma_x'}]}
    """
    if not path:
        return value
    head, *rest = path
    if isinstance(table, list):
        if not (head.isdecimal() and int(head) < len(table)):
            raise ValueError(f"{name}.{head} must have a number from 0 to {len(table) - 1} after {name}")
        at = int(head)
        return [*table[:at], with_field(f"{name}.{head}", table[at], rest, value), *table[at + 1 :]]
    if isinstance(table, str) and table:
        table = {"kind": table}
    if table is None or isinstance(table, dict):
        return {**(table or {}), head: with_field(f"{name}.{head}", (table or {}).get(head), rest, value)}
    raise ValueError(f"{name} is {table!r}, which has no field {head!r}")


def without_field(table: Any, path: Sequence[str]) -> Any:
    """Return plain values without one field, in tables only, and without tables that this leaves empty.

    Examples
    --------
    >>> without_field({"hidden": 5, "rule": {"hebbian": 0.1}}, ["rule", "hebbian"])
    {'hidden': 5}
    """
    head, *rest = path
    if not isinstance(table, dict) or head not in table:
        return table
    kept = {name: value for name, value in table.items() if name != head}
    inner = without_field(table[head], rest) if rest else {}
    return kept if inner == {} else {**kept, head: inner}
