"""The beginning and the end of the course that a formula predicts, against those of the simulation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from ...datasets import SystematicityDataset
from ...problem import Aligned, Flow, Problem
from ...theory.symbolic.formula import Formula
from ...theory.symbolic.formula.formula import RECURSION
from ...validation import FloatArray
from .design import ATOL, RTOL, SPACE, Setting, chain, moving_times
from .predict import predicted
from .rows import Rows
from .sample import Sample

START, NEAR = 0.05, (1e-5, 1e-2)
"""Initial strength, and distances from the end between which the late rate is fitted."""
AGREES = 1e-2
EARLY = 1e-3


@dataclass(frozen=True)
class Limit:
    """One property of the course of a mode.

    Attributes
    ----------
    name : str
    formula, simulation : float
    agrees : bool
        Whether both are equal to one percent.
    """

    name: str
    formula: float
    simulation: float

    @property
    def agrees(self) -> bool:
        """Whether both are equal to one percent."""
        return bool(abs(self.formula - self.simulation) <= AGREES * abs(self.simulation))


def limits(sample: Sample) -> Iterator[Limit]:
    """Strengths at the start and at the end, and the rates with which a mode leaves and arrives."""
    formula, (layers, descent) = sample.formula, sample.home
    if formula.of != "mode" or descent or formula.form == RECURSION:
        return
    rows = sample.measured([_long(layers)])
    if rows is None:
        return
    one = rows.where(rows.series == 0)
    said = _said(formula, one)
    if said is None:
        return
    times = one.values["t"]
    for name, read in _PROPERTIES.items():
        yield Limit(name, read(times, said), read(times, one.truth))


def _long(layers: int) -> Setting:
    """A setting that is followed from its very beginning to its end."""
    dataset = SystematicityDataset(**SPACE[4])
    problem = Problem(dataset, chain(layers, dataset), Aligned(START), Flow([1.0]))
    end = 3 * float(moving_times(problem)[-1])
    times = np.concatenate([[0.0, EARLY], np.linspace(0, end, 400)[1:]])
    return Setting(replace(problem, training=Flow(times, rtol=RTOL, atol=ATOL)), tau=1.7)


def _said(formula: Formula, rows: Rows) -> FloatArray | None:
    try:
        return predicted(formula.tree, formula.form, rows)
    except KeyError:
        return None


def _start(_: FloatArray, values: FloatArray) -> float:
    return float(values[0])


def _end(_: FloatArray, values: FloatArray) -> float:
    return float(values[-1])


def _early_rate(times: FloatArray, values: FloatArray) -> float:
    return float((values[1] - values[0]) / times[1])


def _late_rate(times: FloatArray, values: FloatArray) -> float:
    """The rate at which the distance from the last value falls, where it is small."""
    with np.errstate(all="ignore"):
        distance = np.abs(values / values[-1] - 1)
    near = (distance > NEAR[0]) & (distance < NEAR[1])
    if np.sum(near) < 4:
        return float("nan")
    return float(-np.polyfit(times[near], np.log(distance[near]), 1)[0])


_PROPERTIES: dict[str, Callable[[FloatArray, FloatArray], float]] = {
    "strength at t = 0": _start,
    "strength for t -> oo": _end,
    "slope at t = 0": _early_rate,
    "rate of arrival": _late_rate,
}
