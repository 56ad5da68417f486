"""Losses of random features during gradient flow, and the gain of early stopping."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...datasets import PowerLaw, RandomFeatures
from ...dynamics import scaling as simulated
from ...theory import scaling as predicted
from ...validation import FloatArray
from ...verification.claims import Claim, Evidence, Finding, Settings
from ...verification.standard_errors import Measured, critical_value, finding_of
from ..drawing.style import STROKES, canvas, house_style, legend_below, title

LAW = PowerLaw.with_exponent(dimension=2, omega=1.5)
FEATURES = 200
TIMES = np.array([0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 2000.0, 10000.0])
FINE = np.geomspace(TIMES[0], TIMES[-1], 120)
DRAWS = 300
SMALL_TRAIN = 500.0
KINDS = {"test": "test loss", "train": "training loss"}


@dataclass(frozen=True, eq=False)
class Setting:
    """One model and its number of rows."""

    label: str
    model: RandomFeatures
    rows: int

    @property
    def train_until(self) -> float:
        """Time up to which the training loss is predicted: with more features than rows, while it is not yet small.

        It then vanishes, and its relative error exceeds the declared one.
        """
        return math.inf if self.model.used < self.rows else SMALL_TRAIN

    def without_noise(self) -> RandomFeatures:
        """Return the model without label noise, which is a control."""
        return RandomFeatures.scaled(self.model.feature_variances, self.model.used)


SETTINGS = (
    Setting("more features than rows", RandomFeatures.scaled(LAW.eigenvalues(FEATURES), 120, noise=0.1), 40),
    Setting("fewer features than rows", RandomFeatures.scaled(LAW.eigenvalues(FEATURES), 40, noise=0.1), 80),
)


def _check(settings: Settings) -> Evidence:
    findings: list[Finding] = []
    curves: dict[str, simulated.EstimatedFlow] = {}
    times = TIMES[2::3] if settings.quick else TIMES
    for done, setting in enumerate(SETTINGS):
        found = simulated.estimate_flow(
            setting.model,
            setting.rows,
            times,
            draws=DRAWS // 3 if settings.quick else DRAWS,
            seed=settings.seed + done,
        )
        right = predicted.flow_losses(setting.model, setting.rows, times)
        wrong = predicted.flow_losses(setting.without_noise(), setting.rows, times)
        findings.append(
            _compared(
                f"{setting.label}: test loss",
                found.test,
                found.test_error,
                right.declared_error,
                right.test,
                wrong.test,
            )
        )
        upto = times <= setting.train_until
        findings.append(
            _compared(
                f"{setting.label}: training loss",
                found.train[upto],
                found.train_error[upto],
                right.declared_error[upto],
                right.train[upto],
                wrong.train[upto],
            )
        )
        findings.append(_gain(setting.label, found))
        curves[setting.label] = found
        settings.progress((done + 1) / len(SETTINGS))
    return Evidence(tuple(findings), curves)


def _compared(
    label: str, simulated: FloatArray, error: FloatArray, declared: FloatArray, mine: FloatArray, other: FloatArray
) -> Finding:
    rows = np.stack([mine, simulated, error, declared * mine, other], axis=1).tolist()
    return finding_of(label, [Measured(p, s, e, declared, (wrong,)) for p, s, e, declared, wrong in rows])


def _gain(label: str, found: simulated.EstimatedFlow) -> Finding:
    """Check that the loss at the best time is below the final loss; the error is the bound on the noise / the gain.

    The control is the training loss, which must not rise at the end.
    """
    best = int(np.argmin(found.test))
    errors = float(np.hypot(found.test_error[best], found.test_error[-1]))
    gain, bound = float(found.test[-1] - found.test[best]), critical_value(len(found.times)) * errors
    share = bound / gain if gain > 0 else math.inf
    rejected = int(np.argmin(found.train)) == len(found.times) - 1
    return Finding(
        f"{label}: bound on the noise / gain of early stopping, {gain:.3f}",
        share,
        1.0,
        share < 1 and rejected,
        1,
        int(rejected),
        unit="of gain",
    )


def _draw(evidence: Evidence) -> Figure:
    with house_style():
        figure, axes = canvas(1, 2, height=2.7)
        for index, (axis, setting) in enumerate(zip(axes, SETTINGS, strict=True)):
            _draw_setting(axis, setting, evidence.data[setting.label])
            title(axis, index, f"{setting.label}: $N = {setting.rows}$, $p = {setting.model.used}$")
        axes[0].set_ylabel("loss per row")
        legend_below(figure, axes[1], ncols=3, note=f"(a) the training loss is predicted up to $t = {SMALL_TRAIN:g}$")
    return figure


def _draw_setting(axes: Axes, setting: Setting, found: simulated.EstimatedFlow) -> None:
    right = predicted.flow_losses(setting.model, setting.rows, FINE)
    for stroke, (kind, name) in zip(STROKES, KINDS.items(), strict=False):
        values, error = getattr(found, kind), getattr(found, f"{kind}_error")
        upto = (setting.train_until if kind == "train" else math.inf) >= FINE
        curve, look = getattr(right, kind)[upto], stroke.linestyle
        axes.plot(FINE[upto], curve, color=stroke.color, linestyle=look, label=f"{name}, predicted")
        axes.errorbar(
            found.times,
            values,
            3 * error,
            color=stroke.color,
            marker=stroke.marker,
            linestyle="",
            markersize=4,
            markerfacecolor="white",
            label=f"{name}, simulated ($\\pm 3$ s.e.)",
        )
    best = int(np.argmin(right.test))
    axes.axvline(FINE[best], color="0.4", linewidth=0.8, linestyle=":", label="best time, predicted")
    axes.set(xscale="log", xlabel="time $t$ (step size times steps)", ylim=(0, None))


EARLY_STOPPING = Claim(
    name="early-stopping",
    source="Advani, Saxe & Sompolinsky (2020), Ali, Kolter & Tibshirani (2019); Ledoit & Peche (2011) for the limit",
    statement="The training and test losses of random features under gradient flow follow one contour integral over "
    "the effective ridge, and the test loss has a minimum at a finite time.",
    assumptions=(
        "Gaussian features and weights",
        "label noise",
        "zero initial weights",
        "at least 5 degrees of freedom from the threshold",
        f"with more features than rows the training loss is compared up to t = {SMALL_TRAIN:g}; it then vanishes",
    ),
    check=_check,
    draw=_draw,
    caption="Lines: predicted. Markers with error bars: simulated, with three standard errors. Dotted vertical "
    "line: the best time to stop, predicted.",
)
