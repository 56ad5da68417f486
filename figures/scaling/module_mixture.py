"""Why one module at a time fails: the closed form of what one direction explains, held against samples."""

from __future__ import annotations

from collections.abc import Callable
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
from ..drawing.style import STROKES, canvas, house_style, title
from ..published import SCALING

TARGETS = {
    "one slow wave": ((1.0,), (1.0,)),
    "waves 1, 3, 5": ((1.0, 3.0, 5.0), (1.0, 0.5, 0.2)),
    "one fast wave": ((3.0,), (1.0,)),
}
SAMPLES, TEST_SAMPLES, STARTS = 8000, 10_000, 8
POINTS = 5
VARIANCE_BOUND = 0.03
STANDARD_ERRORS = 3.0


@dataclass(frozen=True, eq=False)
class Mixture:
    """One task: predicted and measured captured variances, in units of the target's variance.

    Attributes
    ----------
    angles : ndarray, shape (points,)
        From the true module that captures most (0) to the predicted optimum.
    predicted, measured, additive : ndarray, shape (points,)
        Captured variance along the way; `additive` neglects that modules add up within a direction.
    optimum, module, found : float
        Predicted variance captured at the predicted optimum, by the best true module, and in the direction that the
        rule found in the samples.
    overlap, found_overlap : float
        With the nearest true module: of the predicted optimum, and of the direction found.
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
        """How well the samples tell two directions apart that capture as much as the optimum.

        A squared correlation V errs by 2 sqrt(V) (1 - V)/sqrt(n), the difference of two by sqrt(2) times that.
        """
        return float(np.sqrt(8 * self.optimum / SAMPLES) * (1 - self.optimum))


def study(task: SineTask) -> Mixture:
    """Predict what directions capture, and measure it on samples."""
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
    """Angles and unit vectors from a true module to the optimum, or on to a mixture where the two are the same."""
    end = end * (1.0 if start @ end >= 0 else -1.0)
    if start @ end > 1 - 1e-6:
        end = np.ones(len(end)) / np.sqrt(len(end))
    across = end - (start @ end) * start
    across /= np.linalg.norm(across)
    angles = np.linspace(0.0, float(np.arccos(start @ end)), POINTS)
    return angles, np.cos(angles)[:, None] * start + np.sin(angles)[:, None] * across


def _found_direction(task: SineTask) -> FloatArray:
    """Best minimum of the objective of one module, from random starts."""
    sample, rng = task.train(SAMPLES), np.random.default_rng(task.seed)
    Y = (sample.y - sample.y.mean()) / sample.y.std()
    starts = (random_projections(rng, 1, task.inputs, 1) for _ in range(STARTS))
    objective = gaussian_objective(sample.X, Y, ridge=1.0, length_scale=1.0)
    return descend_from_all(objective, starts, scale=SAMPLES)[0].projections[0, :, 0]


def _measured_variance(sample: SineSample, direction: FloatArray) -> float:
    """Share of the variance that a fit on one direction explains of samples left out."""
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
    slow = [*studies["one slow wave"], *studies["waves 1, 3, 5"]]
    variance = _finding(
        "captured variance on the way",
        VARIANCE_BOUND,
        _largest(lambda one: np.abs(one.predicted - one.measured), everything),
        _largest(lambda one: np.abs(one.additive - one.measured), everything),
    )
    optimum = _finding(
        "optimum in samples against the predicted one, in standard errors",
        STANDARD_ERRORS,
        _largest(lambda one: np.abs(one.found - one.optimum) / one.standard_error, everything),
        _largest(lambda one: np.abs(one.found - one.module) / one.standard_error, slow),
    )
    return Evidence((variance, optimum), {"studies": studies})


def _largest(read: Callable[[Mixture], FloatArray], studies: list[Mixture]) -> float:
    return float(max(np.max(read(one)) for one in studies))


def _finding(label: str, bound: float, error: float, wrong: float) -> Finding:
    """An error within its bound, while a wrong prediction (the one control) is outside."""
    return Finding(label, error, bound, error <= bound < wrong, 1, int(wrong > bound))


def _draw(evidence: Evidence) -> Figure:
    studies: dict[str, list[Mixture]] = evidence.data["studies"]
    with house_style():
        figure, axes = canvas(1, 2, height=2.6)
        for stroke, (name, runs) in zip(STROKES, studies.items(), strict=False):
            one = runs[0]
            share = np.linspace(0, 1, len(one.angles))
            axes[0].plot(share, one.predicted, color=stroke.color, linestyle=stroke.linestyle, label=name)
            axes[0].plot(share, one.measured, stroke.marker, color=stroke.color, markersize=4, markerfacecolor="white")
            overlaps = np.array([(run.overlap, run.found_overlap) for run in runs])
            axes[1].plot(*overlaps.T, stroke.marker, color=stroke.color, markersize=5, markerfacecolor="white")
        axes[0].set(
            xlabel="from the best true module (0) to the mixture (1)",
            ylabel="variance captured, of all",
            ylim=(0, None),
        )
        axes[0].legend(handlelength=2.6)
        title(axes[0], 0, "closed form (lines), samples (points)")
        _draw_diagonal(axes[1])
        title(axes[1], 1, "is the optimum a module (1) or a mixture?")
    return figure


def _draw_diagonal(axes: Axes) -> None:
    axes.plot([0.5, 1], [0.5, 1], color="0.6", linewidth=0.8, linestyle=(0, (2, 2)))
    axes.set(
        xlabel="predicted overlap with the nearest true module",
        ylabel="overlap of the direction found",
        xlim=(0.5, 1.03),
        ylim=(0.5, 1.03),
    )


MODULE_MIXTURE = Claim(
    name="module-mixture",
    source=f"{SCALING}, the rule for one module; its population optimum derived here (Mehler's formula)",
    statement="What one direction can explain of a modular target is known in closed form; for slow waves its optimum, "
    "which the rule finds, is a mixture of modules, and only for fast waves a true module.",
    assumptions=("orthonormal projections", "normal inputs", "many samples"),
    check=_check,
    draw=_draw,
)
