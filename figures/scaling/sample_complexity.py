"""How losses and the number of samples needed depend on dimension, size, samples and modules."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...datasets import PowerLaw, RandomFeatures
from ...dynamics import scaling as simulated
from ...theory import scaling as predicted
from ...verification.claims import Claim, Evidence, Finding, Settings
from ...verification.standard_errors import Measured, critical_value, finding_of
from ..drawing.points import draw_measured
from ..drawing.style import STROKES, Stroke, canvas, house_style, title
from ..published import SCALING

OMEGA = 1.5
DRAWN = 60
"""Number of unseen features that are drawn one by one; the rest of the infinitely many are drawn as their sum."""


def student(dimension: int, size: int, modules: int = 1, omega: float = OMEGA) -> RandomFeatures:
    """Return K modules, each with a target of infinitely many features of which its student sees `size`."""
    law = PowerLaw.with_exponent(dimension, omega)
    features = size + DRAWN
    return RandomFeatures.scaled(law.eigenvalues(features), size, rest=law.tail(features)).repeated(modules)


@dataclass(frozen=True)
class Trend:
    """How the test loss depends on one quantity: the model and rows at each of its values, and a wrong model.

    Attributes
    ----------
    label, axis : str
    values : tuple of int
    at, wrong : callable
        Model and number of rows at a value, and those of a deliberately wrong prediction.
    turns : tuple of int
        Sign of the change of the loss at the first and at the last values: (1, 1) rises, (-1, 1) has a minimum, and
        (0, 0) changes by less than a tenth.
    """

    label: str
    axis: str
    values: tuple[int, ...]
    at: Callable[[int], tuple[RandomFeatures, int]]
    wrong: Callable[[int], tuple[RandomFeatures, int]]
    turns: tuple[int, int]


RISES, FALLS, DIPS, LEVEL = (1, 1), (-1, -1), (-1, 1), (0, 0)
LEVEL_BOUND = 0.1
TRENDS = (
    Trend(
        "one module", "m", (1, 2, 3, 4, 6), lambda m: (student(m, 20), 100), lambda m: (student(m + 1, 20), 100), RISES
    ),
    Trend(
        "$m = 2$", "p", (2, 5, 10, 20, 40, 60, 80), lambda p: (student(2, p), 100), lambda p: (student(3, p), 100), DIPS
    ),
    Trend("$m = 4$", "p", (2, 5, 10, 20, 40, 60), lambda p: (student(4, p), 100), lambda p: (student(3, p), 100), DIPS),
    Trend("$p = 10$", "N", (18, 25, 40, 80, 160), lambda n: (student(2, 10), n), lambda n: (student(3, 10), n), FALLS),
    Trend("$p = 20$", "N", (30, 40, 80, 160), lambda n: (student(2, 20), n), lambda n: (student(3, 20), n), FALLS),
    Trend(
        "80 rows",
        "K",
        (1, 2, 4, 6, 7),
        lambda k: (student(1, 8, k), 80),
        lambda k: (student(1, 8, k), 40 + 40 * k),
        RISES,
    ),
    Trend(
        "20 rows per module",
        "K",
        (1, 2, 4, 6, 8),
        lambda k: (student(1, 8, k), 20 * k),
        lambda k: (student(1, 8, k), 12 + 8 * k),
        LEVEL,
    ),
    Trend("three modules", "m", (3, 4, 6), lambda _: (student(1, 7, 3), 100), lambda m: (student(m, 7, 3), 100), LEVEL),
)
AXES = {
    "m": "dimension of the task, $m$",
    "p": "features of the student, $p$",
    "N": "rows, $N$",
    "K": "modules, $K$",
}


def _measured(
    at: tuple[RandomFeatures, int], wrong: Sequence[tuple[RandomFeatures, int]], draws: int, seed: int
) -> Measured:
    found = simulated.estimate_losses(*at, draws=draws, seed=seed)
    controls = [predicted.expected_losses(*other).test for other in wrong if other[1] >= other[0].used + 2]
    return Measured(predicted.expected_losses(*at).test, found.test, found.test_error, wrong=tuple(controls))


def _check_trends(settings: Settings) -> Evidence:
    draws, findings, data = (60 if settings.quick else 200), [], {}
    for done, trend in enumerate(TRENDS):
        values = trend.values[::2] if settings.quick else trend.values
        points = [
            _measured(trend.at(value), [trend.wrong(value)], draws, settings.seed + 100 * done + i)
            for i, value in enumerate(values)
        ]
        findings.append(finding_of(f"test loss against {trend.axis}, {_plain(trend)}", points))
        data[trend] = dict(zip(values, points, strict=True))
        settings.progress((done + 1) / len(TRENDS))
    findings += [_turns(trend, list(points.values())) for trend, points in data.items()]
    return Evidence(tuple(findings), {"trends": data})


def _plain(trend: Trend) -> str:
    return trend.label.replace("$", "")


def _turns(trend: Trend, points: Sequence[Measured]) -> Finding:
    """Check the direction of a trend at its first and last values.

    The error of a level trend is its range relative to its first value, and its control is the wrong model. The error
    of any other is the number of wrong signs, and its control is the opposite direction.
    """
    losses = [point.simulated for point in points]
    label = f"direction of the trend against {trend.axis}, {_plain(trend)}"
    changes = (losses[1] - losses[0], losses[-1] - losses[-2])
    if trend.turns == LEVEL:
        error = float(np.ptp(losses)) / losses[0]
        rejected = float(np.ptp([wrong for point in points for wrong in point.wrong])) / losses[0] > LEVEL_BOUND
        return Finding(label, error, LEVEL_BOUND, error <= LEVEL_BOUND and rejected, 1, int(rejected), unit="of first")
    wrong = sum(change * sign <= 0 for change, sign in zip(changes, trend.turns, strict=True))
    opposite = sum(change * -sign <= 0 for change, sign in zip(changes, trend.turns, strict=True))
    return Finding(label, wrong, 0.5, wrong == 0 and opposite > 0, 1, int(opposite > 0), unit="number")


def _draw_trends(evidence: Evidence) -> Figure:
    with house_style():
        figure, axes = canvas(1, 4, height=2.5)
        for index, (axis, name) in enumerate(zip(axes, AXES, strict=True)):
            of_axis = [trend for trend in TRENDS if trend.axis == name]
            for stroke, trend in zip(STROKES, of_axis, strict=False):
                _draw_trend(axis, trend, evidence.data["trends"][trend], stroke)
            axis.set(xlabel=AXES[name], ylim=(0, 1.3))
            title(axis, index, f"against ${name}$")
            axis.legend(loc="upper right" if name == "N" else "upper left", handlelength=1.8)
        axes[1].legend(loc="upper left", handlelength=1.8, bbox_to_anchor=(0.02, 1))
        axes[0].set_ylabel("test loss per row")
        figure.supxlabel("lines: predicted; markers: simulated, with three standard errors", fontsize=7)
    return figure


def _draw_trend(axes: Axes, trend: Trend, points: dict[int, Measured], stroke: Stroke) -> None:
    grid = range(trend.values[0], trend.values[-1] + 1)
    line = [(value, predicted.expected_losses(*trend.at(value)).test) for value in grid]
    axes.plot(*zip(*line, strict=True), color=stroke.color, linestyle=stroke.linestyle, label=trend.label)
    draw_measured(axes, points, stroke)


ERROR = 0.5
BRACKETED = ((1.5, 1), (1.5, 2), (1.5, 3), (1.5, 4), (2.0, 1), (2.0, 2))
"""Omega and m of the tasks whose sample complexity is bracketed by simulations."""
FACTOR = 1.4
MODULES = (1, 2, 3, 5, 8)
FAR = range(8, 15)
ROWS_NEEDED = r"rows needed, $n^{\ast}$"


def _check_samples(settings: Settings) -> Evidence:
    draws = 100 if settings.quick else 250
    chosen = BRACKETED[::2] if settings.quick else BRACKETED
    jobs = [(omega, m, 1) for omega, m in chosen] + [(2.0, 1, k) for k in ((3,) if settings.quick else MODULES[1:4])]
    findings, brackets = [], {}
    for done, (omega, m, modules) in enumerate(jobs):
        needed = predicted.sample_complexity(PowerLaw.with_exponent(m, omega), ERROR, modules)
        brackets[omega, m, modules] = needed
        findings.append(_bracket(omega, m, modules, needed, draws, settings.seed + done))
        settings.progress((done + 1) / len(jobs))
    findings += [_growth(omega) for omega in (1.5, 2.0)]
    return Evidence(tuple(findings), {"brackets": brackets})


def _bracket(omega: float, m: int, modules: int, needed: int, draws: int, seed: int) -> Finding:
    """Compare simulated losses of the best size about n* with the formula, and with the target on either side."""
    law = PowerLaw.with_exponent(m, omega)
    rows = [math.floor((needed - 1) / FACTOR), needed, math.ceil((needed - 1) * FACTOR) + 2]
    sizes = [max(1, predicted.optimal_size(law, n, modules)) for n in rows]
    wrong = [(student(m + 1, size, modules, omega), n) for size, n in zip(sizes, rows, strict=True)]
    points = [
        _measured((student(m, size, modules, omega), n), [other], draws, seed)
        for size, n, other in zip(sizes, rows, wrong, strict=True)
    ]
    held = finding_of(f"Omega = {omega:g}, m = {m}, K = {modules}: test losses about n* = {needed}", points)
    critical = critical_value(len(points))
    below, above = points[0], points[-1]
    margins = ((below.simulated - ERROR) / below.standard_error, (ERROR - above.simulated) / above.standard_error)
    crossed = [margin > critical for margin in margins]
    passed = held.passed and all(crossed)
    return Finding(
        held.label, held.error, held.tolerance, passed, held.controls + 2, held.rejected + sum(crossed), unit=held.unit
    )


def _growth(omega: float) -> Finding:
    r"""Slope of ln ln n* in m, against ln Omega with its next order.

    From :math:`\ln n^* = D l + \ln D + 1`, with :math:`D = \Omega^m, l = \ln 1/\epsilon`, the slope is
    :math:`\ln\Omega\,(D l + 1)/(D l + \ln D + 1)`; the neglected part is smaller by a factor of order :math:`1/D`.
    """
    steps = np.array(FAR)
    logs = [predicted.log_sample_complexity(PowerLaw.with_exponent(m, omega), ERROR) for m in FAR]
    slopes = np.diff(np.log(logs))
    size, middle = omega ** (steps[:-1] + 0.5), math.log(1 / ERROR)
    expected = math.log(omega) * (size * middle + 1) / (size * middle + np.log(size) + 1)
    bound = 2 / omega ** FAR[0]
    error = float(np.max(np.abs(slopes / expected - 1)))
    controls = (2 * expected, 1 / steps[:-1])
    rejected = sum(bool(np.max(np.abs(slopes / wrong - 1)) > bound) for wrong in controls)
    passed = error <= bound and rejected == len(controls)
    label = f"Omega = {omega:g}: slope of ln ln n* in m, relative error (last slope {slopes[-1]:.3f})"
    return Finding(label, error, bound, passed, len(controls), rejected, unit="relative")


def _draw_samples(evidence: Evidence) -> Figure:
    with house_style():
        figure, axes = canvas(1, 3, height=2.7)
        for stroke, omega in zip(STROKES, (2.0, 1.5), strict=False):
            _draw_needed(axes[0], omega, stroke, evidence)
            _draw_far(axes[1], omega, stroke)
        _draw_modules(axes[2], evidence)
        axes[0].set(yscale="log", xlabel="dimension of the task, $m$", ylabel=ROWS_NEEDED, ylim=(3, 1e27))
        axes[0].set_xticks(range(1, 7))
        axes[1].set_xticks(range(2, 13, 2))
        axes[0].legend(loc="upper left", handlelength=1.8)
        axes[1].set(yscale="log", xlabel="dimension of the task, $m$", ylabel=r"$\ln n^{\ast}$")
        axes[1].legend(loc="upper left", handlelength=1.8)
        axes[2].set(xlabel="modules, $K$", ylabel=ROWS_NEEDED, ylim=(0, None))
        title(axes[0], 0, rf"relative error $\epsilon = {ERROR:g}$")
        title(axes[1], 1, "if $m$ is in the exponent or scale")
        title(axes[2], 2, r"modules of one dimension, $\Omega = 2$")
        note = (
            "lines and filled markers: predicted; open markers: $n^{\\ast}$ at which simulated losses cross the target"
        )
        figure.supxlabel(note, fontsize=7)
    return figure


def _draw_needed(axes: Axes, omega: float, stroke: Stroke, evidence: Evidence) -> None:
    dimensions = range(1, 7)
    values = [float(predicted.sample_complexity(PowerLaw.with_exponent(m, omega), ERROR)) for m in dimensions]
    axes.plot(
        dimensions, values, color=stroke.color, linestyle=stroke.linestyle, label=rf"one module, $\Omega={omega:g}$"
    )
    checked = [(m, float(n)) for (o, m, k), n in evidence.data["brackets"].items() if o == omega and k == 1]
    axes.plot(*zip(*checked, strict=True), stroke.marker, color=stroke.color, markersize=4, markerfacecolor="white")
    ideal = [predicted.ideal_sample_complexity(PowerLaw.with_exponent(m, omega), ERROR) for m in dimensions]
    label = rf"best linear method, $\Omega={omega:g}$"
    axes.plot(dimensions, ideal, color=stroke.color, linewidth=0.7, linestyle=(0, (1, 1)), label=label)
    modular = predicted.modular_sample_complexity(6, 3, 1, omega, ERROR)
    label = rf"3 modules, $\Omega={omega:g}$: {modular} rows"
    axes.plot([3, 6], [float(modular)] * 2, color="0.6", linestyle=stroke.linestyle, linewidth=2.4, label=label)


def _draw_far(axes: Axes, omega: float, stroke: Stroke) -> None:
    dimensions = range(1, 13)
    doubly = [predicted.log_sample_complexity(PowerLaw.with_exponent(m, omega), ERROR) for m in dimensions]
    singly = [predicted.log_sample_complexity(PowerLaw.with_scale(m, omega, 1.0), ERROR) for m in dimensions]
    axes.plot(
        dimensions,
        doubly,
        color=stroke.color,
        linestyle=stroke.linestyle,
        label=rf"in the exponent, $\Omega={omega:g}$",
    )
    axes.plot(
        dimensions,
        singly,
        stroke.marker,
        color=stroke.color,
        markersize=2.5,
        label=rf"in the scale, $\Omega={omega:g}$",
    )


def _draw_modules(axes: Axes, evidence: Evidence) -> None:
    law = PowerLaw.with_exponent(1, 2.0)
    values = [predicted.sample_complexity(law, ERROR, k) for k in MODULES]
    axes.plot(MODULES, values, color=STROKES[0].color)
    checked = [(k, n) for (omega, m, k), n in evidence.data["brackets"].items() if omega == 2.0 and m == 1]
    axes.plot(*zip(*checked, strict=True), "o", color=STROKES[0].color, markersize=4, markerfacecolor="white")


LOSS_TRENDS = Claim(
    name="loss-trends",
    source=f"{SCALING}, loss against dimension, size, samples and modules",
    statement="The test loss of one module increases with the dimension of the task, has a minimum at a finite "
    "number of features, and decreases with the number of rows. The loss of several modules does not depend on the "
    "dimension of the task; it increases with their number at fixed rows, and changes by less than a tenth at fixed "
    "rows per module.",
    assumptions=(
        "fewer features than rows",
        "the projections of the modules are known",
        "Gaussian features and weights",
    ),
    check=_check_trends,
    draw=_draw_trends,
    caption="Lines: predicted. Markers with error bars: simulated, with three standard errors.",
)
SAMPLE_COMPLEXITY = Claim(
    name="sample-complexity",
    source=f"{SCALING}, sample complexity, re-derived",
    statement="At fixed relative error epsilon, the number of samples that one module needs grows to leading order "
    "as exp(Omega^m ln 1/epsilon), doubly exponentially in the dimension m, if m enters through the exponent of the "
    "eigenvalues. With K modules of known one-dimensional projections it grows linearly in K and does not depend on "
    "m.",
    assumptions=(
        "fewer features than rows, and the best number of features",
        "infinitely many features in the target",
        "no label noise",
        f"simulated losses cross the target within a factor {FACTOR:g} of n*",
    ),
    check=_check_samples,
    draw=_draw_samples,
    caption="Lines: predicted numbers of rows. Open markers: where simulated losses cross the target. (b) Lines "
    "and filled markers: both predicted.",
)
