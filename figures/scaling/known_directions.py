"""Cosine features of known directions: their loss does not depend on the number of inputs; a kernel's loss does."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...datasets import CosineModules, PowerLaw
from ...dynamics import scaling as simulated
from ...dynamics.scaling import Estimate
from ...dynamics.threads import one_thread
from ...theory import scaling as predicted
from ...verification.claims import Claim, Evidence, Finding, Settings
from ...verification.standard_errors import Measured, critical_value, finding_of
from ..drawing.style import STROKES, Stroke, canvas, house_style, legend_below, title
from ..published import SCALING

MODULES, USED, FEATURES = 3, 8, 60
INPUTS, ROWS = (3, 6, 12, 24, 48), 120
FIXED_INPUTS, ROW_COUNTS = 12, (40, 60, 120, 240)
VARIANCES = PowerLaw.with_exponent(dimension=1, omega=2.0).eigenvalues(FEATURES)
KERNEL_SHARE = 6
"""Draws of least squares for every draw of the kernel, which costs more and varies less."""


def task(inputs: int, modules: int = MODULES, *, orthonormal: bool = True) -> CosineModules:
    """Return the task of the figure with a number of inputs."""
    return CosineModules(inputs, modules, VARIANCES, USED, orthonormal=orthonormal)


def _check(settings: Settings) -> Evidence:
    draws = 40 if settings.quick else 120
    inputs, rows = (INPUTS[::4], ROW_COUNTS[::2]) if settings.quick else (INPUTS, ROW_COUNTS)
    with one_thread():
        known = {m: _measured(task(m), ROWS, draws, settings.seed + m) for m in inputs}
        correlated = {m: _measured(task(m, orthonormal=False), ROWS, draws, settings.seed + m) for m in inputs}
        by_rows = {n: _measured(task(FIXED_INPUTS), n, draws, settings.seed + n) for n in rows}
        settings.progress(0.5)
        kernel = {m: _kernel(task(m), ROWS, draws, settings.seed + m) for m in inputs}
        kernel_by_rows = {n: _kernel(task(FIXED_INPUTS), n, draws, settings.seed + n) for n in rows}
    findings = (
        finding_of("known orthogonal directions: test loss against m", known.values()),
        finding_of("known correlated directions: test loss against m", correlated.values()),
        finding_of("known orthogonal directions: test loss against N", by_rows.values()),
        _rise(list(kernel.values()), list(known.values())),
    )
    settings.progress(1.0)
    data = {"known": (known, by_rows), "kernel": (kernel, kernel_by_rows), "correlated": correlated}
    return Evidence(findings, data)


def _measured(one: CosineModules, rows: int, draws: int, seed: int) -> Measured:
    """Compare with the loss of independent normal features; the controls have one module more and one fewer."""
    found = simulated.estimate_known_directions(one, rows, draws=draws, seed=seed)
    others = [task(one.inputs + 1, one.modules + step).gaussian for step in (1, -1)]
    wrong = [predicted.expected_losses(other, rows).test for other in others if abs(rows - other.used) > 1]
    right = predicted.expected_losses(one.gaussian, rows).test
    return Measured(right, float(found.mean[0]), float(found.standard_error[0]), wrong=tuple(wrong))


def _kernel(one: CosineModules, rows: int, draws: int, seed: int) -> Estimate:
    return simulated.estimate_kernel_ridge(one, rows, draws=draws // KERNEL_SHARE, seed=seed)


def _rise(kernel: Sequence[Estimate], known: Sequence[Measured]) -> Finding:
    """Check that the kernel's loss rises from the fewest inputs to the most; the loss of known directions must not."""
    first, last = kernel[0], kernel[-1]
    rise = float(last.mean[0] - first.mean[0])
    bound = critical_value(1) * math.hypot(float(first.standard_error[0]), float(last.standard_error[0]))
    flat = abs(known[-1].simulated - known[0].simulated) < critical_value(1) * math.hypot(
        known[0].standard_error, known[-1].standard_error
    )
    label = f"kernel on all inputs: bound on the noise / rise of the loss, {rise:.2f}"
    share = bound / rise if rise > 0 else math.inf
    return Finding(label, share, 1.0, share < 1 and flat, 1, int(flat), unit="of rise")


def _draw(evidence: Evidence) -> Figure:
    lines: tuple[Callable[[int], float], ...] = (
        lambda m: predicted.expected_losses(task(max(m, MODULES)).gaussian, ROWS).test,
        lambda n: predicted.expected_losses(task(FIXED_INPUTS).gaussian, n).test,
    )
    with house_style():
        figure, axes = canvas(1, 2, height=2.7)
        values = {x: (point.simulated, point.standard_error) for x, point in evidence.data["correlated"].items()}
        _draw_points(axes[0], values, STROKES[2], "", "correlated directions", size=8)
        for axis, line, known, kernel in zip(axes, lines, evidence.data["known"], evidence.data["kernel"], strict=True):
            grid = range(min(known), max(known) + 1)
            stroke = STROKES[0]
            axis.plot(grid, [line(x) for x in grid], color=stroke.color, label="predicted, known directions")
            values = {x: (point.simulated, point.standard_error) for x, point in known.items()}
            _draw_points(axis, values, stroke, "", "orthogonal directions")
            values = {x: (float(found.mean[0]), float(found.standard_error[0])) for x, found in kernel.items()}
            _draw_points(axis, values, STROKES[1], STROKES[1].linestyle, "kernel on all inputs")
            axis.axhline(VARIANCES.sum(), color="0.5", linewidth=0.8, linestyle=":", label="predicting 0")
            axis.set(xscale="log", ylim=(0, 1.0))
            axis.set_xticks(list(known), [str(x) for x in known], minor=False)
            axis.set_xticks([], minor=True)
        axes[0].set(xlabel="inputs, $m$", ylabel="test loss per row")
        axes[1].set(xlabel="rows, $N$")
        title(axes[0], 0, f"$K = {MODULES}$ modules, $N = {ROWS}$ rows")
        title(axes[1], 1, f"$m = {FIXED_INPUTS}$ inputs")
        legend_below(figure, axes[0], ncols=5, note="markers: simulated, with three standard errors")
    return figure


def _draw_points(
    axes: Axes,
    values: dict[int, tuple[float, float]],
    stroke: Stroke,
    linestyle: str | tuple[int, tuple[float, ...]],
    label: str,
    size: float = 4,
) -> None:
    """Draw means with three standard errors."""
    means, errors = zip(*values.values(), strict=True)
    axes.errorbar(
        list(values),
        means,
        [3 * error for error in errors],
        color=stroke.color,
        marker=stroke.marker,
        linestyle=linestyle,
        markersize=size,
        markerfacecolor="white",
        capsize=2,
        label=label,
    )


KNOWN_DIRECTIONS = Claim(
    name="known-directions",
    source=f"{SCALING}, modular sample complexity; real features in place of normal ones",
    statement="With cosine features of known directions the test loss equals that of independent normal features for "
    "every number of inputs, for orthogonal and for correlated directions. The loss of a kernel on all inputs "
    "increases with their number.",
    assumptions=("normal inputs", "known directions", "fewer features than rows", "no label noise"),
    check=_check,
    draw=_draw,
    caption="Solid lines: predicted for known directions. Markers with error bars: simulated, with three standard "
    "errors; those of the kernel are joined by a dashed line. Dotted line: predicting 0.",
)
