"""The number of samples needed to find modules, by the number of inputs and of modules."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...datasets import SineTask
from ...dynamics.module_finding import find_modules, fit_additive
from ...dynamics.module_finding.regression import AdditiveFit
from ...dynamics.module_finding.threads import threads_for
from ...validation import FloatArray
from ...verification.claims import Claim, Evidence, Finding, Settings
from ..drawing.style import STROKES, canvas, house_style, legend_below, title
from ..published import SCALING
from .module_finding import standard_error
from .search_failures import Failure, failure, finding_of, single_starts

LOSS = 0.1
GRID = tuple(round(20 * 2 ** (step / 2)) for step in range(14))
INPUTS, MODULES = (4, 8, 16, 32), (1, 2, 4)
FIXED_INPUTS, FIXED_MODULES = 8, 2
STARTS = 8
SLOPES = (0.3, 1.3)
STANDARD_ERRORS = 3.0
WHOLE, PREFERRED, KNOWN = "whole pipeline", "objective prefers the truth", "projections known"
WAYS = (WHOLE, PREFERRED, KNOWN)
"""Ways to count the samples needed: the pipeline succeeds, its objective prefers the truth, a fit on the truth does."""

Fit = Callable[[SineTask, int], AdditiveFit]


def whole_pipeline(task: SineTask, samples: int) -> AdditiveFit:
    """Find the modules, and fit a function of each."""
    train = task.train(samples)
    return find_modules(train.X, train.y, task.modules, starts=STARTS, seed=task.seed).fit


def known_projections(task: SineTask, samples: int) -> AdditiveFit:
    """Fit a function of each true module."""
    train = task.train(samples)
    return fit_additive(task.projections, train.X, train.y)


class Trials:
    """Fits to one task with increasing numbers of samples; each is made once."""

    def __init__(self, task: SineTask, fit: Fit) -> None:
        self.task, self.fit = task, fit
        self.test = task.test(2000)
        self.bound = LOSS * float(self.test.clean.var())
        self.suffices = cache(self._suffices)
        self.failure = cache(self._failure)
        self.failed: dict[int, FloatArray] = {}

    @property
    def failures(self) -> list[Failure]:
        """All unsuccessful fits so far, compared with the truth."""
        return [self.failure(samples) for samples in self.failed]

    def prefer_truth(self, samples: int) -> bool:
        """Return whether the fit suffices or the samples prefer the true projections to those found."""
        return self.suffices(samples) or self.failure(samples).by_search

    def _suffices(self, samples: int) -> bool:
        """Return whether the test loss is below a tenth of the variance."""
        fit = self.fit(self.task, samples)
        loss = float(np.mean((fit.predict(self.test.X) - self.test.clean) ** 2))
        if loss >= self.bound:
            self.failed[samples] = fit.projections
        return loss < self.bound

    def _failure(self, samples: int) -> Failure:
        return failure(self.task, samples, self.failed[samples])


def first_samples(holds: Callable[[int], bool]) -> float:
    """Return the least number of samples on the grid for which a condition holds; infinite if there is none.

    Every second number is tried in increasing order, and then the one before the first success.
    """
    first = next((step for step in range(0, len(GRID), 2) if holds(GRID[step])), None)
    if first is None:
        return math.inf
    return GRID[first - 1] if first and holds(GRID[first - 1]) else GRID[first]


@dataclass(frozen=True)
class Study:
    """One task: samples needed, failures of the rule, and and those of a deliberately small search."""

    needed: dict[str, float]
    failures: tuple[Failure, ...]
    small: tuple[Failure, ...]


def study(task: SineTask) -> Study:
    """Return how many samples suffice if the projections must be found, and if they are known."""
    pipeline, known = Trials(task, whole_pipeline), Trials(task, known_projections)
    needed = {
        WHOLE: first_samples(pipeline.suffices),
        PREFERRED: first_samples(pipeline.prefer_truth),
        KNOWN: first_samples(known.suffices),
    }
    ample = 2 * needed[WHOLE]
    small = single_starts(task, int(ample)) if math.isfinite(ample) else ()
    return Study(needed, tuple(pipeline.failures), small)


def _check(settings: Settings) -> Evidence:
    seeds = settings.seeds(full=3, quick=1)
    short = 3 if settings.quick else None
    panels = {
        "inputs": {m: SineTask(FIXED_MODULES, m, held_out_above=math.inf) for m in INPUTS[:short]},
        "modules": {k: SineTask(k, FIXED_INPUTS, held_out_above=math.inf) for k in MODULES[:short]},
    }
    tasks = dict.fromkeys(task for values in panels.values() for task in values.values())
    studies: dict[SineTask, list[Study]] = {}
    for done, task in enumerate(tasks):
        with threads_for(task.dims):
            studies[task] = [study(replace(task, seed=seed)) for seed in seeds]
        settings.progress((done + 1) / len(tasks))
    needed = {
        name: {way: {value: [s.needed[way] for s in studies[task]] for value, task in values.items()} for way in WAYS}
        for name, values in panels.items()
    }
    everything = [one for of_task in studies.values() for one in of_task]
    failures, small = (list(chain(*parts)) for parts in zip(*((s.failures, s.small) for s in everything), strict=True))
    findings = (
        _finding(needed["inputs"]),
        _rise(needed["modules"]),
        finding_of(failures, small, _cost_of_search(everything)),
    )
    return Evidence(findings, {"needed": needed})


def _finding(needed: dict[str, dict[int, list[float]]]) -> Finding:
    """Check the exponent of n in m; with known projections, which is the control, it must be outside the range."""
    slope, error = _exponent(needed[WHOLE])
    preferred, known = (_exponent(needed[way])[0] for way in (PREFERRED, KNOWN))
    low, high = SLOPES
    rejected = not low <= known <= high
    return Finding(
        label=f"exponent of n in m, standard error {error:.2f}; {preferred:.2f} for the n from which the truth is"
        f" preferred, {known:.2f} with known projections",
        error=abs(slope - (low + high) / 2),
        tolerance=(high - low) / 2,
        passed=bool(low <= slope <= high and rejected),
        controls=1,
        rejected=int(rejected),
        order=slope,
        unit="exponent",
    )


def _rise(needed: dict[str, dict[int, list[float]]]) -> Finding:
    """Check that n rises with K by more than its scatter, and by more than with known projections, the control."""
    slope, error = _exponent(needed[WHOLE])
    known, _ = _exponent(needed[KNOWN])
    share, rejected = STANDARD_ERRORS * error / slope, slope - known > STANDARD_ERRORS * error
    label = f"{STANDARD_ERRORS:g} standard errors / exponent of n in K, {slope:.2f}; {known:.2f} with known projections"
    return Finding(label, share, 1.0, bool(slope > 0 and share < 1 and rejected), 1, int(rejected), unit="of exponent")


def _cost_of_search(studies: list[Study]) -> float:
    """Return the geometric mean of the samples needed / the samples from which the truth is preferred."""
    logs = [math.log(one.needed[WHOLE] / one.needed[PREFERRED]) for one in studies]
    return math.exp(float(np.mean(logs)))


def _exponent(needed: dict[int, list[float]]) -> tuple[float, float]:
    """Return the mean slope of log n over seeds with its standard error; NaN if samples never sufficed."""
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
        axes[0].set_ylabel(f"samples needed for loss < {LOSS:g} variance")
        legend_below(figure, axes[0], ncols=3, note="geometric means over seeds, with standard errors")
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
    """Draw geometric means over seeds with standard errors; seeds without success on the grid are left out."""
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
    source=f"{SCALING}, sample complexity; here of the whole pipeline",
    statement="If the modules must be found, the number of samples that modular learning needs grows with the number "
    "of inputs and with the number of modules; if the projections are known, it does not grow with the number of "
    "inputs. Most failures with fewer samples are not failures of the search: the objective prefers other "
    "projections to the true ones.",
    assumptions=("frequencies 1, 3, 5", f"{STARTS} starts", "success: a test loss below a tenth of the variance"),
    check=_check,
    draw=_draw,
    caption="Markers with error bars on lines: samples needed in simulations, geometric means and standard errors "
    "over seeds.",
)
