"""Rows of a two-layer network from small random weights: each mode with its effective initial strength."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ... import theory
from ...problem import Problem, Trajectory
from ...theory.spectrum import mode_vectors
from ...validation import FloatArray
from .design import Setting
from .measure import Series, as_rows, class_values, time_values
from .rows import Rows


def covers(problem: Problem) -> bool:
    """Whether the initial strengths of single modes are known from the initial weights."""
    return problem.network.is_chain and problem.network.layers == 2 and problem.initial.has_weights


def mode_rows(setting: Setting, seen: Trajectory) -> Rows | None:
    """Rows of single modes; the truth of each is that of its class."""
    problem = setting.problem
    spectrum = theory.spectrum(problem.dataset)
    start = theory.initial_strengths(spectrum, *mode_vectors(problem.dataset), problem.initial_weights)
    classes = [mode_class for mode_class in spectrum.learnable for _ in range(mode_class.count)]
    series: list[Series] = [
        (mode_class.name, {**class_values(mode_class, float(pi0)), **time_values(problem)}, seen.modes[mode_class.name])
        for mode_class, pi0 in zip(classes, start.pi0, strict=True)
    ]
    return as_rows(setting, series)


def by_class(rows: Rows) -> tuple[Rows, Callable[[FloatArray], FloatArray]]:
    """Rows of whole classes, and the function that brings values of modes together as their root mean square."""
    names = list(dict.fromkeys(rows.labels))
    of_series = np.array([names.index(label) for label in rows.labels])
    first = np.array([rows.labels.index(name) for name in names])
    kept = np.isin(rows.series, first)
    whole = rows.where(kept)
    members = np.bincount(of_series)

    def together(values: FloatArray) -> FloatArray:
        length = int(np.sum(rows.series == 0))
        squares = np.zeros((len(names), length))
        np.add.at(squares, of_series, values.reshape(len(rows.labels), length) ** 2)
        return np.sqrt(squares / members[:, None]).ravel()

    series = np.searchsorted(first, whole.series)
    return Rows(whole.values, whole.truth, series, whole.setting, whole.settings, tuple(names)), together
