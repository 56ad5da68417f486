"""Why searching one module at a time fails: the closed form of the variance that one direction captures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ... import theory
from ...datasets import SineSample, SineTask
from ...dynamics.module_finding import fit_additive, gaussian_objective, random_projections
from ...dynamics.module_finding.search import descend_from_all
from ...dynamics.module_finding.threads import threads_for
from ...validation import FloatArray
from ...verification.claims import Claim, Evidence, Finding, Settings
from ..drawing.style import STROKES, Stroke, canvas, house_style, legend_below, name_stroke, title
from ..published import SCALING

TARGETS = {
    "one slow wave": ((1.0,), (1.0,)),
    "waves 1, 3, 5": ((1.0, 3.0, 5.0), (1.0, 0.5, 0.2)),
    "one fast wave": ((3.0,), (1.0,)),
}
SAMPLES, TEST_SAMPLES, STARTS = 8000, 10_000, 8
POINTS = 5
VARIANCE_BOUND = 0.03
"""The standard error of a squared correlation V is 2 sqrt(V) (1 - V)/sqrt(n), at most .0086 for n = 8000. All of 30
independent points are within 3.5 of them with probability .986."""
STANDARD_ERRORS = 3.0
SLOW, FLAT, FAST = TARGETS


@dataclass(frozen=True, eq=False)
class Mixture:
    """One task: predicted and measured captured variances, in units of the target's variance.

    Attributes
    ----------
    angles : ndarray, shape (points,)
        From the true module that captures most (0) to the predicted optimum.
    predicted, measured, additive : ndarray, shape (points,)
        Captured variance along the path; `additive` neglects that modules add up within a direction.
    optimum, module, found : float
        Predicted variance captured by the predicted optimum, by the best true module, and by the direction that the
        rule found in the samples.
    overlap, found_overlap : float
        Overlaps of the predicted optimum and of the direction found with the nearest true module.
    """

    angles: FloatArray
    predicted: FloatArray
    measured: FloatArray
    additive: FloatArray
    optimum: float
    module: float
    found: float
    overlap: float
    found_overlap: float

    @property
    def standard_error(self) -> float:
        """Standard error of the difference in captured variance between two directions near the optimum.

        A squared correlation V errs by 2 sqrt(V) (1 - V)/sqrt(n), the difference of two by sqrt(2) times that.
        """
        return float(np.sqrt(8 * self.optimum / SAMPLES) * (1 - self.optimum))

    @property
    def angle_error(self) -> float:
        """Standard error of the angle of the direction found, in the plane of the optimum and another direction.

        A regression of unit variance on normal inputs has coefficients of length sqrt(V) and standard error
        sqrt((1 - V)/n). The ratio is the error of the angle, and an overlap errs by at most as much. This holds for the
        linear part of the target; the parts of higher degree are neglected.
        """
        return float(np.sqrt((1 - self.optimum) / (self.optimum * SAMPLES)))


def study(task: SineTask) -> Mixture:
    """Predict the variance that directions capture, and measure it on samples."""
    h = theory.sine_coefficients(task.frequencies, task.amplitudes, task.phases[:, :, 0, 0])
    total = float(np.sum(h[:, 1:] ** 2))
    best = theory.best_direction(h)
    modules = np.eye(len(h))
    module = max(modules, key=lambda overlaps: theory.captured_variance(h, overlaps))
    test = task.test(TEST_SAMPLES)
    angles, path = _great_circle(module, best)
    directions = task.projections[:, :, 0]
    found = directions @ _found_direction(task)
    return Mixture(
        angles=angles,
        predicted=np.array([theory.captured_variance(h, rho) for rho in path]) / total,
        measured=np.array([_measured_variance(test, rho @ directions) for rho in path]),
        additive=path**2 @ np.sum(h[:, 1:] ** 2, axis=1) / total,
        optimum=theory.captured_variance(h, best) / total,
        module=theory.captured_variance(h, module) / total,
        found=theory.captured_variance(h, found) / total,
        overlap=float(np.abs(best).max()),
        found_overlap=float(np.abs(found).max()),
    )


def _great_circle(start: FloatArray, end: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return angles and unit vectors from a true module to the optimum, or to an equal mixture if the two coincide."""
    end = end * (1.0 if start @ end >= 0 else -1.0)
    if start @ end > 1 - 1e-6:
        end = np.ones(len(end)) / np.sqrt(len(end))
    across = end - (start @ end) * start
    across /= np.linalg.norm(across)
    angles = np.linspace(0.0, float(np.arccos(start @ end)), POINTS)
    return angles, np.cos(angles)[:, None] * start + np.sin(angles)[:, None] * across


def _found_direction(task: SineTask) -> FloatArray:
    """Return the best minimum of the objective of one module from random starts."""
    sample, rng = task.train(SAMPLES), np.random.default_rng(task.seed)
    Y = (sample.y - sample.y.mean()) / sample.y.std()
    starts = (random_projections(rng, 1, task.inputs, 1) for _ in range(STARTS))
    objective = gaussian_objective(sample.X, Y, ridge=1.0, length_scale=1.0)
    return descend_from_all(objective, starts, scale=SAMPLES)[0].projections[0, :, 0]


def _measured_variance(sample: SineSample, direction: FloatArray) -> float:
    """Return the share of the variance of left-out samples that a fit on one direction explains."""
    fit = fit_additive(direction[None, :, None], sample.X, sample.y, length_scales=(0.5,), ridges=(0.1,))
    return 1 - fit.left_out_error / float(sample.y.var())


def _check(settings: Settings) -> Evidence:
    seeds = settings.seeds(full=2, quick=1)
    studies: dict[str, list[Mixture]] = {}
    for done, (name, seed) in enumerate((name, seed) for name in TARGETS for seed in seeds):
        waves, sizes = TARGETS[name]
        task = SineTask(frequencies=waves, amplitudes=sizes, held_out_above=np.inf, seed=seed)
        with threads_for(task.dims):
            studies.setdefault(name, []).append(study(task))
        settings.progress((done + 1) / (len(TARGETS) * len(seeds)))
    everything = [one for runs in studies.values() for one in runs]
    mixed = [*studies[SLOW], *studies[FLAT]]
    variance = _finding(
        "captured variance along the path, predicted - measured",
        VARIANCE_BOUND,
        "of variance",
        _largest(lambda one: np.abs(one.predicted - one.measured), everything),
        _largest(lambda one: np.abs(one.additive - one.measured), everything),
    )
    optimum = _finding(
        "variance captured by the direction found - predicted optimum, in standard errors",
        STANDARD_ERRORS,
        "std. errors",
        _largest(lambda one: np.abs(one.found - one.optimum) / one.standard_error, everything),
        _largest(lambda one: np.abs(one.found - one.module) / one.standard_error, mixed),
    )
    overlap = _finding(
        "single waves: overlap with the nearest module, found - predicted, in standard errors",
        STANDARD_ERRORS,
        "std. errors",
        _largest(lambda one: np.abs(one.found_overlap - one.overlap) / one.angle_error, studies[SLOW] + studies[FAST]),
        _smallest(lambda one: np.abs(one.found_overlap - 1) / one.angle_error, studies[SLOW]),
    )
    return Evidence((variance, optimum, overlap), {"studies": studies})


def _largest(read: Callable[[Mixture], FloatArray], studies: list[Mixture]) -> float:
    return float(max(np.max(read(one)) for one in studies))


def _smallest(read: Callable[[Mixture], FloatArray], studies: list[Mixture]) -> float:
    return float(min(np.min(read(one)) for one in studies))


def _finding(label: str, bound: float, unit: str, error: float, wrong: float) -> Finding:
    """Check that an error is within its bound and that the error of a wrong prediction is not."""
    return Finding(label, error, bound, error <= bound < wrong, 1, int(wrong > bound), unit=unit)


def _draw(evidence: Evidence) -> Figure:
    studies: dict[str, list[Mixture]] = evidence.data["studies"]
    with house_style():
        figure, axes = canvas(1, 3, height=2.7)
        for stroke, (name, runs) in zip(STROKES, studies.items(), strict=False):
            one = runs[0]
            share = np.linspace(0, 1, len(one.angles))
            axes[0].plot(share, one.predicted, color=stroke.color, linestyle=stroke.linestyle)
            axes[0].plot(share, one.measured, stroke.marker, color=stroke.color, markersize=4, markerfacecolor="white")
            name_stroke(axes[0], stroke, name)
            _draw_runs(axes[1:], runs, stroke, "0.6" if name == FLAT else stroke.color)
        axes[0].set(xlabel="from the best module (0) to the mixture (1)", ylabel="captured share of variance")
        axes[0].set_ylim(0, None)
        _draw_diagonal(axes[1], 0.2, 0.75)
        axes[1].set(xlabel="predicted optimum", ylabel="direction found")
        _draw_diagonal(axes[2], 0.55, 1.05)
        axes[2].set(xlabel="predicted optimum", ylabel="direction found")
        title(axes[0], 0, "closed form and samples")
        title(axes[1], 1, "captured variance")
        title(axes[2], 2, "overlap with nearest module")
        note = (
            "(a) lines: closed form, markers: measured; (b) bars: three standard errors, x: best true module\n"
            "(c) squares: not judged, since many directions capture as much as the optimum"
        )
        legend_below(figure, axes[0], ncols=3, note=note)
    return figure


def _draw_runs(axes: Sequence[Axes], runs: list[Mixture], stroke: Stroke, overlap_color: str) -> None:
    """Draw captured variance and overlap of the directions found against those of the predicted optimum."""
    for run in runs:
        axes[0].plot(run.optimum, run.module, "x", color=stroke.color, markersize=4)
        bar = axes[0].errorbar(run.optimum, run.found, STANDARD_ERRORS * run.standard_error, color=stroke.color)
        bar[0].set(marker=stroke.marker, markersize=4, markerfacecolor="white")
        axes[1].plot(run.overlap, run.found_overlap, stroke.marker, color=overlap_color, markersize=5, mfc="white")


def _draw_diagonal(axes: Axes, low: float, high: float) -> None:
    axes.plot([low, high], [low, high], color="0.6", linewidth=0.8, linestyle=(0, (2, 2)), zorder=0)
    axes.set(xlim=(low, high), ylim=(low, high))


MODULE_MIXTURE = Claim(
    name="module-mixture",
    source=f"{SCALING}, the rule for one module; its population optimum derived here (Mehler's formula)",
    statement="The variance of a modular target that one direction captures is known in closed form. The rule for "
    "one module finds a direction that captures as much as the best one. For a slow wave this direction is a mixture "
    "of the modules, and for a fast wave it is a true module. For waves 1, 3, 5 many directions capture almost as "
    "much, so that samples do not determine the overlap.",
    assumptions=(
        "orthonormal projections",
        "normal inputs",
        f"{SAMPLES} samples",
        "standard errors of overlaps as for a linear target",
    ),
    check=_check,
    draw=_draw,
    caption="(a) Lines: closed form; markers: measured on samples. (b) Markers with error bars: directions found, "
    "with three standard errors; crosses: the best true module. (c) Markers: overlaps of the directions "
    "found. Dashed lines in (b, c): equality.",
)
