"""Linear modules, for which the module-finding rule has a closed form: from every start it finds their mixture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ... import theory
from ...datasets import RandomFeatures
from ...dynamics import scaling as simulated
from ...dynamics.module_finding import FeatureObjective, LinearFeatures, descend, random_projections
from ...dynamics.threads import one_thread
from ...validation import FloatArray
from ...verification.claims import Claim, Evidence, Finding, Settings
from ...verification.standard_errors import Measured, finding_of
from ..drawing.points import draw_measured
from ..drawing.style import STROKES, canvas, house_style, name_stroke, title
from ..published import SCALING

SAMPLES, INPUTS, STARTS, RIDGE = 60, 8, 30, 1.0
WEIGHTS = np.array([1.0, 0.7, 0.4])
NOISE = 0.1
OUTPUTS = {"one output": 1, "four outputs": 4}
DIMENSIONS = (4, 8, 16, 24, 32)
VALUE_BOUND, ANGLE_BOUND = 1e-6, 1e-5
"""Descent stops at a relative decrease of 1e-9; both bounds are above the error that this leaves."""


@dataclass(frozen=True, eq=False)
class Descents:
    """Descents from random starts on one target.

    Attributes
    ----------
    starts, ends : ndarray, shape (starts,)
        |cos| of the first and the last direction with the predicted optimum.
    excess : ndarray, shape (starts,)
        Objective at the end over the predicted smallest value, minus 1.
    module_overlaps : ndarray, shape (modules,)
        |cos| of the predicted optimum with the true modules.
    module_excess : ndarray, shape (modules,)
        Objective at the true modules over the predicted smallest value, minus 1.
    """

    starts: FloatArray
    ends: FloatArray
    excess: FloatArray
    module_overlaps: FloatArray
    module_excess: FloatArray


def descents(outputs: int, seed: int) -> Descents:
    """Predict the optimum with a generalised eigenproblem, and search for it from random starts."""
    rng = np.random.default_rng([seed, outputs])
    U = np.linalg.qr(rng.standard_normal((INPUTS, len(WEIGHTS))))[0]
    X = rng.standard_normal((SAMPLES, INPUTS))
    mixing = WEIGHTS[:, None] if outputs == 1 else rng.standard_normal((len(WEIGHTS), outputs))
    Y = X @ U @ mixing + NOISE * rng.standard_normal((SAMPLES, outputs))
    found, best = theory.reduced_rank_directions(X, Y, RIDGE, 1)
    objective = FeatureObjective(X, Y, RIDGE, LinearFeatures())
    first = [random_projections(rng, 1, INPUTS, 1) for _ in range(STARTS)]
    minima = [descend(objective, start, scale=float(np.sum(Y**2)) / RIDGE) for start in first]
    return Descents(
        starts=np.array([abs(start[0, :, 0] @ found[:, 0]) for start in first]),
        ends=np.array([abs(minimum.projections[0, :, 0] @ found[:, 0]) for minimum in minima]),
        excess=np.array([minimum.value for minimum in minima]) / best - 1,
        module_overlaps=np.abs(U.T @ found[:, 0]),
        module_excess=np.array([objective(u[None, :, None])[0] for u in U.T]) / best - 1,
    )


def _check(settings: Settings) -> Evidence:
    with one_thread():
        found = {name: descents(outputs, settings.seed) for name, outputs in OUTPUTS.items()}
    settings.progress(0.3)
    draws = 300 if settings.quick else 1000
    errors = {
        label: {
            m: _excess_error(m if label == "unknown" else len(WEIGHTS), draws, settings.seed + m) for m in DIMENSIONS
        }
        for label in ("unknown", "known")
    }
    findings = [
        *(_bounded(f"{name}: objective / predicted minimum - 1", one.excess, one.module_excess, VALUE_BOUND)
          for name, one in found.items()),
        *(_bounded(f"{name}: 1 - |cos| with the predicted optimum", 1 - one.ends, 1 - one.module_overlaps, ANGLE_BOUND)
          for name, one in found.items()),
        *(finding_of(f"excess test error, modules {label}", points.values()) for label, points in errors.items()),
    ]  # fmt: skip
    return Evidence(tuple(findings), {"descents": found, "errors": errors})


def _bounded(label: str, values: FloatArray, controls: FloatArray, bound: float) -> Finding:
    """Check that all values are within a bound that no true module keeps."""
    error, rejected = float(np.abs(values).max()), int(np.sum(np.abs(controls) > bound))
    return Finding(
        label, error, bound, error <= bound and rejected == len(controls), len(controls), rejected, unit="absolute"
    )


def _excess_error(variables: int, draws: int, seed: int) -> Measured:
    """Compare the excess error of least squares on some variables, label noise 1; the control has one variable more."""
    model = RandomFeatures.whitened(np.full(variables, 1 / variables), variables, noise=1.0)
    found = simulated.estimate_losses(model, SAMPLES, draws=draws, seed=seed)
    right, wrong = (theory.excess_error(count, SAMPLES, 1.0) for count in (variables, variables + 1))
    return Measured(right, found.test, found.test_error, wrong=(wrong,))


def _draw(evidence: Evidence) -> Figure:
    with house_style():
        figure, axes = canvas(1, 2, height=2.7)
        _draw_descents(axes[0], evidence.data["descents"])
        _draw_errors(axes[1], evidence.data["errors"])
        title(axes[0], 0, f"{STARTS} starts, $m = {INPUTS}$, $n = {SAMPLES}$")
        title(axes[1], 1, f"noise 1, $K = {len(WEIGHTS)}$, $n = {SAMPLES}$")
        note = (
            "(a) markers: descents on the objective; lines: overlaps of the predicted optimum with the true modules\n"
            "(b) lines: predicted; markers: simulated, with three standard errors"
        )
        figure.supxlabel(note, fontsize=7)
    return figure


def _draw_descents(axes: Axes, found: dict[str, Descents]) -> None:
    for stroke, (name, one) in zip(STROKES, found.items(), strict=False):
        axes.plot(one.starts, one.ends, stroke.marker, color=stroke.color, markersize=4, markerfacecolor="none")
        name_stroke(axes, stroke, name)
        for overlap in one.module_overlaps.tolist():
            axes.axhline(overlap, color=stroke.color, linestyle=stroke.linestyle, linewidth=0.8)
    axes.set(
        xlabel="|cos| of the start with the predicted optimum",
        ylabel="|cos| of the end",
        xlim=(0, 1),
        ylim=(0, 1.06),
    )
    axes.legend(loc="lower left", handlelength=2.4)


def _draw_errors(axes: Axes, errors: dict[str, dict[int, Measured]]) -> None:
    for stroke, (label, points) in zip(STROKES, errors.items(), strict=False):
        grid = range(DIMENSIONS[0], DIMENSIONS[-1] + 1)
        line = [theory.excess_error(m if label == "unknown" else len(WEIGHTS), SAMPLES, 1.0) for m in grid]
        axes.plot(grid, line, color=stroke.color, linestyle=stroke.linestyle, label=f"modules {label}")
        draw_measured(axes, points, stroke)
    axes.set(xlabel="inputs, $m$", ylabel="excess test error", ylim=(0, None))
    axes.legend(loc="upper left", handlelength=2.6)


LINEAR_MODULES = Claim(
    name="linear-modules",
    source=f"{SCALING}, the rule for one module with a linear kernel; Izenman (1975)",
    statement="On linear modules the module-finding objective for one module is minimised by the leading solution of "
    "a generalised eigenproblem (for one output, the ridge direction). Descent from every random start finds it, and "
    "it is a mixture of the modules. Modules reduce the excess error only if their projections are known.",
    assumptions=("linear modules", "normal inputs", "orthonormal projections"),
    check=_check,
    draw=_draw,
    caption="(a) Markers: where descents on the objective start and end; horizontal lines: overlaps of the "
    "predicted optimum with the true modules. (b) Lines: predicted; markers with error bars: simulated, "
    "with three standard errors.",
)
