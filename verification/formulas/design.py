"""Settings in which formulas are tried: a designed sample of the space with its edges, in two halves.

One half is explored, to find where a formula holds and what would mend it; the other is kept aside to confirm it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ... import theory
from ...datasets import Data, SystematicityDataset
from ...problem import Aligned, Deep, Descent, Flow, Problem, Shallow
from ...theory import ModeClass
from ...validation import FloatArray

EXPLORED, CONFIRMED = "explored", "confirmed"
DEPTHS = (1, 2, 3, 4, 5)
RTOL, ATOL = 1e-9, 1e-13
LONGEST = 250.0
SMALLEST_START = {1: 1e-6, 2: 1e-6, 3: 1e-3, 4: 1e-2, 5: 1e-2}
"""Deeper networks wait at smaller starts for a time that is a power of the start."""
LARGEST_START = 1.0
SPACE: tuple[dict[str, Any], ...] = (
    {"n_x": 1, "n_y": 1, "k_x": 1, "k_y": 2},
    {"n_x": 2, "n_y": 1, "k_x": 2, "k_y": 1},
    {"n_x": 2, "n_y": 2, "k_x": 1, "k_y": 3, "r": 0.7},
    {"n_x": 2, "n_y": 1, "k_x": 3, "k_y": 2, "r": 1.4},
    {"n_x": 3, "n_y": 1, "k_x": 3, "k_y": 1},
    {"n_x": 2, "n_y": 1, "k_x": 0, "k_y": 2, "r": 1.2},
    {"n_x": 2, "n_y": 1, "k_x": 2, "k_y": 0},
    {"n_x": 1, "n_y": 1, "k_x": 3, "k_y": 2, "n_bits": 2},
    {"n_x": 2, "n_y": 0, "k_x": 1, "k_y": 2, "r": 1.1},
    {"n_x": 3, "n_y": 2, "k_x": 2, "k_y": 3, "r": 0.9},
    {"n_x": 2, "n_y": 1, "k_x": 1, "k_y": 1, "r": -1.3},
    {"n_x": 3, "n_y": 3, "k_x": 1, "k_y": 2, "r": 1.5},
)
"""Datasets with few items, among them the edges of the space."""


@dataclass(frozen=True, eq=False)
class Setting:
    """A problem, with the numbers by which regions of the space are told apart.

    Attributes
    ----------
    problem : Problem
    part : str
        "explored" or "confirmed".
    tau : float
        The time constant that stands for tau in formulas that use it.
    """

    problem: Problem
    part: str = EXPLORED
    tau: float = 1.0
    extra: Mapping[str, float] = field(default_factory=dict)

    @property
    def dataset(self) -> SystematicityDataset | None:
        """The point of the dataset space, if it is one."""
        return self.problem.dataset.in_space

    @cached_property
    def features(self) -> dict[str, float]:
        """What regions are described by."""
        training = self.problem.training
        found = {"L": float(self.problem.network.layers), "descent": float(training.is_descent)}
        if isinstance(training, Descent):
            found["alpha"] = training.step_size
        if self.dataset is not None:
            found |= {name: float(getattr(self.dataset, name)) for name in ("n_x", "n_y", "k_x", "k_y", "r")}
            found["N"] = float(self.dataset.n_items)
        starts = list(starts_of(self.problem).values())
        if starts:
            found |= {"smallest start": min(starts), "largest start": max(starts)}
        return found | dict(self.extra)


def starts_of(problem: Problem) -> dict[str, float]:
    """Initial strengths by class of modes, of an aligned start."""
    if not isinstance(problem.initial, Aligned):
        return {}
    names = [mode_class.name for mode_class in theory.spectrum(problem.dataset).learnable]
    return {name: problem.initial.of_class(name) for name in names}


def chain(layers: int, dataset: Data) -> Shallow | Deep:
    """A chain of a number of layers that is wide enough for all modes."""
    return Shallow() if layers == 1 else Deep(hidden=max(2, dataset.n_items), layers=layers)


def settings(layers: int, descent: bool, part: str, number: int, *, uniform: bool = False) -> list[Setting]:
    """Settings of one depth and one kind of training.

    Parameters
    ----------
    layers : int
    descent : bool
    part : {"explored", "confirmed"}
        Settings of different parts share no start, step or time.
    number : int
    uniform : bool, default False
        Whether all modes start with one strength.

    Returns
    -------
    list of Setting
    """
    generator = np.random.default_rng([layers, int(descent), int(part == CONFIRMED)])
    return [_setting(layers, descent, part, index, generator, uniform) for index in range(number)]


def _setting(
    layers: int, descent: bool, part: str, index: int, generator: np.random.Generator, uniform: bool
) -> Setting:
    dataset = SystematicityDataset(**_varied(index, part))
    classes = theory.spectrum(dataset).learnable
    low, high = math.log(SMALLEST_START[layers]), math.log(LARGEST_START)
    share = (index + generator.uniform()) / 12 % 1.0
    values = np.exp(low + (high - low) * ((share + (0 if uniform else 0.37) * np.arange(len(classes))) % 1.0))
    start = Aligned({c.name: float(value) for c, value in zip(classes, values, strict=True)})
    problem = Problem(dataset, chain(layers, dataset), start, Flow([1.0]))
    times = moving_times(problem)
    tau = float(generator.uniform(0.4, 3.0))
    if not descent:
        training = Flow(times, rtol=RTOL, atol=ATOL)
        return Setting(Problem(dataset, problem.network, start, training), part, tau)
    step = stable_step(problem, float(generator.uniform(0.05, 0.5)))
    steps = int(min(600, max(12, times[-1] / step)))
    training_by_steps = Descent(step, steps, max(1, steps // 12))
    return Setting(Problem(dataset, problem.network, start, training_by_steps), part, 1 / step)


def _varied(index: int, part: str) -> dict[str, Any]:
    """A point of the space; the second round, and the half for confirmation, have other scales."""
    point = dict(SPACE[index % len(SPACE)])
    rounds = index // len(SPACE) + (0.5 if part == CONFIRMED else 0.0)
    point["r"] = point.get("r", 1.0) * (1 + 0.12 * rounds)
    return point


def stable_step(problem: Problem, share: float) -> float:
    """A share of the largest step for which descent converges, also where modes start above their final value."""
    spectrum, layers = theory.spectrum(problem.dataset).learnable, problem.network.layers
    top = max(max(c.pi_star, starts_of(problem).get(c.name, 0.0)) for c in spectrum)
    fastest = max(c.delta for c in spectrum) * layers * top ** (2 - 2 / layers)
    return float(share / max(fastest, max(c.lam for c in spectrum)))


def moving_times(problem: Problem) -> FloatArray:
    """Times at which the modes of a problem move, and some after."""
    spans = [_span(mode_class, pi0, problem.network.layers) for mode_class, pi0 in _started(problem)]
    fractions = np.array([0.0, 0.25, 0.6, 0.85, 1.0, 1.15, 1.5])
    times = np.unique(np.concatenate([span * fractions for span in spans])) if spans else np.array([0.0, 1.0])
    kept = times[times <= LONGEST]
    apart = np.concatenate([[True], np.diff(kept) > 1e-3 * kept[-1]]) if kept[-1] > 0 else np.ones(len(kept), bool)
    return np.asarray(kept[apart])


def _started(problem: Problem) -> list[tuple[ModeClass, float]]:
    starts = starts_of(problem)
    return [(c, starts[c.name]) for c in theory.spectrum(problem.dataset).learnable if starts.get(c.name, 0.0) > 0]


def _span(mode_class: ModeClass, pi0: float, layers: int) -> float:
    """About the time that a mode takes; it only chooses where to look."""
    final = mode_class.pi_star
    relaxation = 1 / float(mode_class.delta * layers * final ** (2 - 2 / layers))
    if pi0 < 0.4 * final:
        return theory.half_time_deep(mode_class.lam, mode_class.delta, pi0, layers) + 0.5 * relaxation
    return 1.5 * relaxation


def held_out_settings(part: str) -> list[Setting]:
    """Settings in which one item is held out, or one is trained on."""
    found = []
    for index in range(len(SPACE)):
        dataset = SystematicityDataset(**_varied(index, part))
        if not dataset.output_signs or dataset.k_x == 0 or dataset.n_items < 4:
            continue
        problem = Problem(dataset, Shallow(), Aligned(0.0), Flow([1.0]))
        found.append(Setting(problem, part, 1.0, {"j": float(dataset.n_items - 1)}))
    return found
