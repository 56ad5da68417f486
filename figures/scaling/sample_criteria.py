"""How the number of samples grows with the dimension under different criteria."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...datasets import PowerLaw, RandomFeatures
from ...dynamics import scaling as simulated
from ...theory import scaling as predicted
from ...verification.claims import Claim, Evidence, Finding, Settings
from ...verification.standard_errors import Measured, finding_of
from ..drawing.points import draw_measured
from ..drawing.style import STROKES, canvas, house_style, legend_below, title
from ..published import SCALING
from .sample_complexity import student

OMEGA, SIZE, SHARE, ERROR = 2.0, 10, 0.5, 0.5
DIMENSIONS = range(1, 9)
SIMULATED = (2, 3, 4, 5)
"""At m = 1 the rows of the first criterion are 4 above the threshold: the variance of the loss is barely finite."""
FAR = range(12, 18)
SLOPE_BOUND = 2 * OMEGA ** -FAR[0] / math.log(OMEGA)
r"""With :math:`s = \Omega^{-m}` and :math:`T(p)/c = (1+p)^{-s}`, the three numbers of rows are, before rounding,
:math:`2 + 1/(2^s - 1)`, :math:`p + 1 + p/((1 - \eta)((1 + p)^s - 1))` and :math:`(1 + 1/s)^2`: a power of 1/s times
1 + a s with a = 1.04, .12 and 2. Rounding up adds at most .7 and .12 to a. The slope between two dimensions therefore
differs from the power by at most :math:`2s/\ln\Omega`."""


@dataclass(frozen=True)
class Criterion:
    """A criterion for the number of samples: the rows needed at a dimension, and the features of the student."""

    label: str
    rows: Callable[[PowerLaw], float]
    size: Callable[[PowerLaw], float]
    power: int
    """The rows grow as this power of Omega^m."""


CRITERIA = (
    Criterion("better than predicting 0", predicted.useful_sample_complexity, lambda _: 1.0, 1),
    Criterion(
        f"half of the gain of {SIZE} features",
        lambda law: predicted.sample_complexity_at_size(law, SIZE, SHARE),
        lambda _: float(SIZE),
        1,
    ),
    Criterion(
        "Omega^m features are best",
        lambda law: predicted.samples_of_optimal_size(law, 1 / law.exponent),
        lambda law: 1 / law.exponent,
        2,
    ),
)


def relative_loss(law: PowerLaw, size: float, rows: float) -> float:
    """Return the test loss of a student of any real size on any real number of rows, relative to predicting 0."""
    return law.tail(size) / law.total * (rows - 1) / (rows - size - 1)


def _check(settings: Settings) -> Evidence:
    findings, points = [], {}
    for place, criterion in enumerate(CRITERIA[:2]):
        chosen = SIMULATED[::2] if settings.quick else SIMULATED
        measured = [_measured(criterion, m, settings, 10 * place + m) for m in chosen]
        findings.append(finding_of(f"{criterion.label}: test loss with the rows needed", measured))
        points[criterion.label] = dict(zip(chosen, measured, strict=True))
        settings.progress((place + 1) / 2)
    growth = (found for criterion in CRITERIA for found in (_growth(criterion), _loss_far(criterion)))
    return Evidence((*findings, *growth), {"points": points})


def _measured(criterion: Criterion, m: int, settings: Settings, seed: int) -> Measured:
    """Compare the loss with the rows needed; controls are one dimension more, and a quarter fewer rows."""
    law, more = PowerLaw.with_exponent(m, OMEGA), PowerLaw.with_exponent(m + 1, OMEGA)
    rows, size = int(criterion.rows(law)), int(criterion.size(law))
    model: RandomFeatures = student(m, size, omega=OMEGA)
    draws = 300 if settings.quick else 600
    found = simulated.estimate_losses(model, rows, draws=draws, targets=64, seed=settings.seed + seed)
    wrong = (relative_loss(more, size, rows), relative_loss(law, size, max(0.75 * rows, size + 2)))
    return Measured(predicted.expected_losses(model, rows).test, found.test, found.test_error, wrong=wrong)


def _growth(criterion: Criterion) -> Finding:
    """Compare the slope of ln n in m over ln Omega with the power; the other of the two powers must be rejected."""
    logs = [math.log(criterion.rows(PowerLaw.with_exponent(m, OMEGA))) for m in FAR]
    slopes = np.diff(logs) / math.log(OMEGA)
    error, control = (float(np.max(np.abs(slopes - power))) for power in (criterion.power, 3 - criterion.power))
    rejected = control > SLOPE_BOUND
    return Finding(
        f"{criterion.label}: slope of ln n in m / ln Omega",
        error,
        SLOPE_BOUND,
        error <= SLOPE_BOUND and rejected,
        1,
        int(rejected),
        float(slopes[-1]),
        unit="slope",
    )


def _loss_far(criterion: Criterion) -> Finding:
    r"""Check that the predicted relative loss tends to 1 with the dimension; the control is the loss at m = 2.

    The bound is :math:`s \ln(1 + p) \ge 1 - (1 + p)^{-s} = 1 - T(p)/c` with :math:`s = \Omega^{-m}`, since a student
    of p features has at least the loss T(p) of the features that it does not see.
    """
    near, far = (PowerLaw.with_exponent(m, OMEGA) for m in (2, FAR[-1]))
    error, control = (1 - relative_loss(law, criterion.size(law), criterion.rows(law)) for law in (far, near))
    label = f"{criterion.label}: 1 - relative loss at m = {FAR[-1]}"
    bound = OMEGA ** -FAR[-1] * math.log(1 + criterion.size(far))
    rejected = control > bound
    return Finding(label, error, bound, error <= bound and rejected, 1, int(rejected), unit="relative")


def _draw(evidence: Evidence) -> Figure:
    laws = {m: PowerLaw.with_exponent(m, OMEGA) for m in DIMENSIONS}
    named = r"$\Omega^m$"
    with house_style():
        figure, axes = canvas(1, 2, height=3.0)
        for stroke, criterion in zip(STROKES[1:], CRITERIA, strict=False):
            rows = [criterion.rows(law) for law in laws.values()]
            losses = [relative_loss(law, criterion.size(law), n) for law, n in zip(laws.values(), rows, strict=True)]
            label = (
                rf"{criterion.label.replace('Omega^m', named)}: $\Omega^{{{'2m' if criterion.power == 2 else 'm'}}}$"
            )
            axes[0].plot(list(laws), rows, color=stroke.color, linestyle=stroke.linestyle, label=label)
            axes[1].plot(list(laws), losses, color=stroke.color, linestyle=stroke.linestyle)
            points = evidence.data["points"].get(criterion.label, {})
            draw_measured(axes[1], points, stroke)
        _draw_fixed_error(axes, laws)
        axes[0].set(yscale="log", ylim=(3, 1e7), ylabel="rows needed, $n$")
        axes[1].set(ylim=(0, 1.05), ylabel="test loss / loss of predicting 0")
        for axis in axes:
            axis.set(xlabel="dimension of the task, $m$", xticks=list(DIMENSIONS))
        title(axes[0], 0, rf"rows needed, $\Omega = {OMEGA:g}$")
        title(axes[1], 1, "loss with these rows")
        note = "lines: predicted; markers: simulated, with three standard errors"
        legend_below(figure, axes[0], ncols=2, note=note)
    return figure


def _draw_fixed_error(axes: list[Axes], laws: dict[int, PowerLaw]) -> None:
    stroke = STROKES[0]
    rows = [math.exp(min(predicted.log_sample_complexity(law, ERROR), 40.0)) for law in laws.values()]
    label = rf"relative loss {ERROR:g}: $\Omega^m \epsilon^{{-\Omega^m}}$"
    axes[0].plot(list(laws), rows, color=stroke.color, linestyle=stroke.linestyle, label=label)
    axes[1].plot(list(laws), [ERROR] * len(laws), color=stroke.color, linestyle=stroke.linestyle)


SAMPLE_CRITERIA = Claim(
    name="sample-criteria",
    source=f"{SCALING}, sample complexity, re-derived under other criteria",
    statement="The number of rows with which a student does better than predicting 0, or gains half of what a fixed "
    "number of features can gain, grows as Omega^m; the number with which Omega^m features are the best size grows "
    "as Omega^2m. The relative loss with these rows tends to 1 as the dimension m increases.",
    assumptions=("fewer features than rows", "infinitely many features in the target", "no label noise", "one module"),
    check=_check,
    draw=_draw,
    caption="Lines: predicted. Markers with error bars: simulated, with three standard errors.",
)
