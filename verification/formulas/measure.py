"""Simulations of settings, and the rows of each quantity that a formula may give."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ... import dynamics, theory
from ...datasets import CLASS_NAMES, HeldOut, SystematicityDataset
from ...problem import Aligned, Descent, Flow, Problem, Shallow, Trajectory
from ...theory import ModeClass
from ...theory.symbolic.formula import Formula
from ...theory.symbolic.formula.formula import EXPLICIT, FLOW, IMPLICIT, RECURSION
from ...validation import FloatArray
from .design import LONGEST, Setting, starts_of
from .rows import Rows

Series = tuple[str, Mapping[str, FloatArray | float], FloatArray]
"""Its label, values of symbols, and the truth over time."""
SETTLED = 1e-7
WINDOW = np.linspace(0.8, 1.2, 9)
DENSE = 160


@dataclass(frozen=True)
class Wanted:
    """What is to be measured: the quantity, the block of a norm, and the form of the formula that it is for."""

    of: str
    block: tuple[str, str] | None = None
    form: str = EXPLICIT


def wanted(formula: Formula) -> Wanted:
    """What a formula is to be compared with."""
    return Wanted(formula.of, formula.block, formula.form)


def measured(setting: Setting, what: Wanted) -> Rows | None:
    """Simulate a setting and return its rows; None where it has nothing to show."""
    return as_rows(setting, list(_MEASURES[what.of](setting, what)))


def as_rows(setting: Setting, series: Sequence[Series]) -> Rows | None:
    """Series of one setting as rows."""
    rows = [row for row in series if len(row[2])]
    if not rows:
        return None
    shared = common_values(setting)
    names = {name for _, values, _ in rows for name in values} | set(shared)
    lengths = [len(truth) for _, _, truth in rows]
    columns = {
        name: np.concatenate(
            [np.broadcast_to(values.get(name, shared.get(name, np.nan)), len(truth)) for _, values, truth in rows]
        )
        for name in sorted(names)
    }
    return Rows(
        values=columns,
        truth=np.concatenate([truth for _, _, truth in rows]),
        series=np.repeat(np.arange(len(rows)), lengths),
        setting=np.zeros(sum(lengths), dtype=np.int64),
        settings=(setting,),
        labels=tuple(label for label, _, _ in rows),
    )


def common_values(setting: Setting) -> dict[str, float]:
    """Symbols of the network, the training and the dataset."""
    problem = setting.problem
    found = {"tau": setting.tau, "L": float(problem.network.layers), **setting.extra}
    found["h"] = float(getattr(problem.network, "hidden", 0) or np.nan)
    if isinstance(problem.training, Descent):
        found |= {"alpha": problem.training.step_size, "tau": 1 / problem.training.step_size}
    if setting.dataset is not None:
        found |= {name: abs(float(getattr(setting.dataset, name))) for name in ("n_x", "n_y", "k_x", "k_y", "r")}
        found |= {"N": float(setting.dataset.n_items), "rho": setting.dataset.k_x * setting.dataset.r**2}
    return found


def class_values(mode_class: ModeClass, pi0: float) -> dict[str, float]:
    """Symbols of one class of modes."""
    return {
        "lam": mode_class.lam,
        "delta": mode_class.delta,
        "sigma": mode_class.sigma,
        "pi_star": mode_class.pi_star,
        "pi0": pi0,
        "count": float(mode_class.count),
    }


def time_values(problem: Problem) -> dict[str, FloatArray]:
    """Symbols of time."""
    if isinstance(problem.training, Descent):
        return {"t": problem.times, "n": np.array(problem.training.recorded_steps, dtype=np.float64)}
    return {"t": problem.times}


def simulated(problem: Problem) -> Trajectory:
    """Train all weights, by an integrator that is accurate between its steps too."""
    return dynamics.solve(problem)


def with_times(problem: Problem, times: FloatArray) -> Problem:
    """The problem of a flow with other times to report."""
    training = problem.training
    return replace(problem, training=replace(training, times=times)) if isinstance(training, Flow) else problem


def _modes(setting: Setting, what: Wanted) -> Iterable[Series]:
    problem = setting.problem
    if what.form == RECURSION and isinstance(problem.training, Descent):
        problem = replace(problem, training=replace(problem.training, record_every=1))
    if what.form == FLOW:
        problem = with_times(problem, np.linspace(0.0, problem.times[-1], DENSE))
    for label, values, truth in modes_of(problem, simulated(problem)):
        if what.form != IMPLICIT or values["pi0"] < values["pi_star"]:
            yield label, values, truth


def modes_of(problem: Problem, seen: Trajectory) -> Iterator[Series]:
    """The strengths of the classes of modes over time."""
    starts, times = starts_of(problem), time_values(problem)
    for mode_class in theory.spectrum(problem.dataset).learnable:
        pi0 = starts.get(mode_class.name, float(seen.modes[mode_class.name][0]))
        yield mode_class.name, {**class_values(mode_class, pi0), **times}, seen.modes[mode_class.name]


def _map(setting: Setting, what: Wanted) -> Iterable[Series]:
    yield map_of(setting.problem, simulated(setting.problem), what)


def _map_at_the_end(setting: Setting, what: Wanted) -> Iterable[Series]:
    """A quantity that theory holds to be constant: one number, at the last time."""
    label, values, truth = map_of(setting.problem, simulated(setting.problem), what)
    last = {name: given[-1:] if isinstance(given, np.ndarray) else given for name, given in values.items()}
    yield label, last, truth[-1:]


def map_of(problem: Problem, seen: Trajectory, what: Wanted) -> Series:
    """A quantity of the whole map over time, with the strengths of the classes as simulated."""
    values: dict[str, FloatArray | float] = dict(time_values(problem))
    starts = set(starts_of(problem).values())
    if len(starts) == 1:
        values["pi0"] = starts.pop()
    known = {mode_class.name: mode_class for mode_class in theory.spectrum(problem.dataset).classes}
    for index, name in enumerate(CLASS_NAMES, 1):
        values[f"pi_{index}"] = seen.modes.get(name, np.zeros(len(seen.times)))
        for quantity in ("lam", "delta", "sigma", "count"):
            values[f"{quantity}_{index}"] = float(getattr(known[name], quantity)) if name in known else 0.0
    return what.of, values, _OF_MAP[what.of](seen, what)


def _norm(seen: Trajectory, what: Wanted) -> FloatArray:
    if what.block is None or what.block not in seen.norms:
        return np.zeros(0)
    return seen.norms[what.block]


def _systematicity(seen: Trajectory, _: Wanted) -> FloatArray:
    if ("omega_x", "omega_y") not in seen.norms:
        return np.zeros(0)
    ratio = np.zeros(len(seen.times)) + np.nan
    if ("gamma_x", "omega_y") in seen.norms:
        ratio = seen.systematicity_ratio
    return ratio if np.all(np.isfinite(ratio)) else np.zeros(0)


def _half_times(setting: Setting, _: Wanted) -> Iterable[Series]:
    problem = setting.problem
    starts, layers, windows = starts_of(problem), problem.network.layers, {}
    for c in theory.spectrum(problem.dataset).learnable:
        pi0 = starts.get(c.name, 0.0)
        if pi0 < 0.45 * c.pi_star and (pi0 > 0 or layers == 1):
            windows[c.name] = WINDOW * theory.half_time_deep(c.lam, c.delta, pi0, layers)
    windows = {name: window for name, window in windows.items() if window[-1] < 2 * LONGEST}
    if problem.training.is_descent or not windows:
        return
    times = np.unique(np.concatenate([*windows.values()]))
    seen = simulated(with_times(problem, times))
    for c in theory.spectrum(problem.dataset).learnable:
        if c.name in windows:
            inside = np.isin(times, windows[c.name])
            crossing = _crossing(times[inside], seen.modes[c.name][inside] / c.pi_star)
            yield c.name, class_values(c, starts.get(c.name, 0.0)), crossing


def _crossing(times: FloatArray, share: FloatArray) -> FloatArray:
    """The time at which a share is one half, by a polynomial through its logit; none if it is outside."""
    if not share[0] < 0.5 < share[-1] or np.any((share <= 0) | (share >= 1)):
        return np.zeros(0)
    level = np.log(share / (1 - share))
    middle, half = times.mean(), (times[-1] - times[0]) / 2
    fit = np.polynomial.Polynomial.fit((times - middle) / half, level, len(times) - 1, domain=[-1, 1])
    low, high = -1.0, 1.0
    for _ in range(60):
        centre = (low + high) / 2
        low, high = (centre, high) if fit(centre) < 0 else (low, centre)
    return np.array([middle + half * low])


def _finals(setting: Setting, _: Wanted) -> Iterable[Series]:
    problem, layers = setting.problem, setting.problem.network.layers
    if problem.training.is_descent:
        return
    slowest = min(c.delta * layers * c.pi_star ** (2 - 2 / layers) for c in theory.spectrum(problem.dataset).learnable)
    end = problem.times[-1] + 25 / slowest
    seen = simulated(with_times(problem, np.array([0.0, end, 1.1 * end])))
    for c in theory.spectrum(problem.dataset).learnable:
        values = seen.modes[c.name]
        pi0 = starts_of(problem).get(c.name, float(values[0]))
        settled = abs(values[2] - values[1]) <= SETTLED * abs(values[2]) and pi0 > 0
        yield c.name, class_values(c, pi0), values[2:] if settled else np.zeros(0)


def _held_out(setting: Setting, _: Wanted) -> Iterable[Series]:
    dataset = setting.dataset
    if not isinstance(dataset, SystematicityDataset) or not dataset.output_signs or dataset.k_x * dataset.r == 0:
        return
    size = int(setting.extra["j"])
    rho = dataset.k_x * dataset.r**2
    errors = [
        dynamics.held_out_errors(split, Shallow(), Aligned(0.0), Flow([30 * size / rho], rtol=1e-9, atol=1e-13))
        for split in _splits(dataset, size)
    ]
    yield "held out", {}, np.array([float(np.mean([error["omega_y"][-1] for error in errors]))])


def _splits(dataset: SystematicityDataset, size: int) -> list[HeldOut]:
    items = range(dataset.n_items)
    if size == 1:
        return [HeldOut(dataset, train=[item]) for item in items]
    return [HeldOut(dataset, held_out=[item]) for item in items]


_OF_MAP: dict[str, Callable[[Trajectory, Wanted], FloatArray]] = {
    "norm": _norm,
    "loss": lambda seen, _: seen.loss,
    "systematicity": _systematicity,
}
_MEASURES: dict[str, Callable[[Setting, Wanted], Iterable[Series]]] = {
    "mode": _modes,
    "norm": _map,
    "loss": _map,
    "systematicity": _map_at_the_end,
    "half_time": _half_times,
    "final": _finals,
    "held_out": _held_out,
}
