"""How many samples finding modules takes: not a number independent of the inputs, unless projections are known."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..claims import Claim, Evidence, Finding, Settings
from ..datasets import SineTask
from ..dynamics.module_finding import find_modules, fit_additive
from ..dynamics.module_finding.regression import AdditiveFit
from ..dynamics.module_finding.threads import threads_for
from .module_finding import PAPER, standard_error
from .style import STROKES, canvas, house_style, title

LOSS = 0.1
GRID = tuple(round(20 * 2 ** (step / 2)) for step in range(14))
INPUTS, MODULES = (4, 8, 16, 32), (1, 2, 4)
FIXED_INPUTS, FIXED_MODULES = 8, 2
STARTS = 8
SLOPES = (0.3, 1.3)

Fit = Callable[[SineTask, int], AdditiveFit]


def whole_pipeline(task: SineTask, samples: int) -> AdditiveFit:
    """Find the modules, and fit a function of each."""
    train = task.train(samples)
    return find_modules(train.X, train.y, task.modules, starts=STARTS, seed=task.seed).fit


def known_projections(task: SineTask, samples: int) -> AdditiveFit:
    """Fit a function of each true module."""
    train = task.train(samples)
    return fit_additive(task.projections, train.X, train.y)


def samples_needed(task: SineTask, fit: Fit) -> float:
    """Least number of samples of the grid with a test loss below a tenth of the variance; infinite if none is.

    Every other number is tried in increasing order, and then the one before the first that suffices.
    """
    test = task.test(2000)
    bound = LOSS * float(test.clean.var())

    def suffices(n: int) -> bool:
        return bool(np.mean((fit(task, n).predict(test.X) - test.clean) ** 2) < bound)

    first = next((step for step in range(0, len(GRID), 2) if suffices(GRID[step])), None)
    if first is None:
        return math.inf
    return GRID[first - 1] if first and suffices(GRID[first - 1]) else GRID[first]


def _check(settings: Settings) -> Evidence:
    seeds = settings.seeds(full=3, quick=1)
    tasks = {
        "inputs": [(m, SineTask(FIXED_MODULES, m, held_out_above=math.inf)) for m in INPUTS],
        "modules": [(k, SineTask(k, FIXED_INPUTS, held_out_above=math.inf)) for k in MODULES],
    }
    if settings.quick:
        tasks = {name: values[:3] for name, values in tasks.items()}
    fits: dict[str, Fit] = {"whole pipeline": whole_pipeline, "projections known": known_projections}
    needed: dict[str, dict[str, dict[int, list[float]]]] = {name: {fit: {} for fit in fits} for name in tasks}
    todo = [(name, value, task, label) for name, values in tasks.items() for value, task in values for label in fits]
    for done, (name, value, task, label) in enumerate(todo):
        with threads_for(task.dims):
            needed[name][label][value] = [samples_needed(replace(task, seed=seed), fits[label]) for seed in seeds]
        settings.progress((done + 1) / len(todo))
    return Evidence((_finding(needed["inputs"]),), {"needed": needed})


def _finding(needed: dict[str, dict[int, list[float]]]) -> Finding:
    """The exponent of n in m; with projections known, which is the null control, it must not be in its range."""
    slope, error = _exponent(needed["whole pipeline"])
    known, _ = _exponent(needed["projections known"])
    low, high = SLOPES
    rejected = not low <= known <= high
    return Finding(
        label=f"exponent of n in m, standard error {error:.2f}; with projections known {known:.2f}",
        error=abs(slope - (low + high) / 2),
        tolerance=(high - low) / 2,
        passed=bool(low <= slope <= high and rejected),
        controls=1,
        rejected=int(rejected),
        order=slope,
    )


def _exponent(needed: dict[int, list[float]]) -> tuple[float, float]:
    """Slope of log n in log m, a mean over seeds with its standard error; NaN if samples never sufficed."""
    x = np.log(list(needed))
    x = x - x.mean()
    n = np.array(list(needed.values()))
    if not np.all(np.isfinite(n)):
        return math.nan, math.nan
    slopes = (x @ np.log(n) / np.sum(x**2)).tolist()
    return float(np.mean(slopes)), standard_error(slopes)


def _draw(evidence: Evidence) -> Figure:
    needed = evidence.data["needed"]
    with house_style():
        figure, axes = canvas(1, 2, height=2.6)
        for panel, (name, by_fit) in zip(axes, needed.items(), strict=True):
            for stroke, (label, by_value) in zip(STROKES, by_fit.items(), strict=False):
                _draw_needed(panel, by_value, stroke.color, stroke.linestyle, stroke.marker, label)
            ticks = list(next(iter(by_fit.values())))
            panel.set(xscale="log", yscale="log", ylim=(14, 700))
            panel.set_xticks(ticks, [str(tick) for tick in ticks])
            panel.set_yticks([20, 50, 100, 200, 500], ["20", "50", "100", "200", "500"])
            panel.minorticks_off()
            panel.set_xlabel({"inputs": "inputs $m$", "modules": "modules $K$"}[name])
        axes[0].set_ylabel(f"samples for test loss < {LOSS:g} variance")
        axes[0].legend(handlelength=2.8)
        title(axes[0], 0, f"$K = {FIXED_MODULES}$ modules")
        title(axes[1], 1, f"$m = {FIXED_INPUTS}$ inputs")
    return figure


def _draw_needed(
    axes: Axes,
    by_value: dict[int, list[float]],
    color: str,
    linestyle: str | tuple[int, tuple[float, ...]],
    marker: str,
    label: str,
) -> None:
    """Geometric means over seeds with standard errors; a seed for which no grid point sufficed is left out."""
    points = [(value, np.log([n for n in runs if math.isfinite(n)])) for value, runs in by_value.items()]
    points = [(value, logs) for value, logs in points if len(logs)]
    x = [value for value, _ in points]
    mean = np.array([logs.mean() for _, logs in points])
    error = np.array([standard_error(logs.tolist()) for _, logs in points])
    middle = np.exp(mean)
    axes.errorbar(
        x,
        middle,
        yerr=[middle - np.exp(mean - error), np.exp(mean + error) - middle],
        color=color,
        linestyle=linestyle,
        marker=marker,
        markersize=4.5,
        markerfacecolor="white",
        capsize=2,
        label=label,
    )


MODULE_SAMPLES = Claim(
    name="module-samples",
    source=f"{PAPER}, sample complexity; here of the whole pipeline",
    statement="The samples that modular learning needs grow with the number of inputs and of modules when the modules "
    "are to be found; they do not depend on the number of inputs only if the projections are known.",
    assumptions=("frequencies 1, 3, 5", f"{STARTS} starts", "success is a test loss below a tenth of the variance"),
    check=_check,
    draw=_draw,
)
