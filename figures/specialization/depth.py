"""Depth: how learning curves and the time to learn change with the number of layers and the scale of the start."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ... import dynamics, theory
from ...datasets import SystematicityDataset
from ...problem import Aligned, Deep, Flow, Problem, Shallow
from ...validation import FloatArray
from ...verification.claims import Claim, Evidence, Finding, Settings, finding
from ...verification.comparison import verify
from ...verification.controls import DELTA_LEFT_OUT, STRENGTH_OFF
from ..drawing.style import RELATIVE, STROKES, Stroke, canvas, house_style, legend_below, name_stroke, title
from .dense import known

DATASET = SystematicityDataset(n_x=1, n_y=1, k_x=1, k_y=1, r=1.0)
MODE = theory.spectrum(DATASET)["sign_to_sign"]
DEPTHS = (1, 2, 3, 4, 5)
STARTS = (1e-1, 1e-2, 1e-3, 1e-4)
DRAWN = 1e-2
CURVE_BOUND, HALF_BOUND = 1e-6, 1e-6
"""The integrator takes fewer than 500 steps of relative error 1e-11. Growth of a gain from 1e-4 to 1 amplifies the
resulting shift in time at most ten thousandfold in two layers, and less in deeper networks. These bounds are 50 times
smaller than that worst case."""
EXTRA = (*STROKES, Stroke("0.25", (0, (8, 1.5, 1.2, 1.5, 1.2, 1.5)), "v"))


def depth_problem(layers: int, start: float) -> Problem:
    """Return a dense network of a given depth, recorded up to twice its half-time, and at the half-time."""
    network = Shallow() if layers == 1 else Deep(hidden=2, layers=layers)
    half = theory.half_time_deep(MODE.lam, MODE.delta, start, layers)
    return Problem(DATASET, network, Aligned(start), Flow(half * np.linspace(0.0, 2.0, 21), 1e-11, 1e-15))


def _check(settings: Settings) -> Evidence:
    findings: list[Finding] = []
    curves, halves = {}, {}
    cases = [(layers, start) for layers in DEPTHS for start in STARTS]
    for done, (layers, start) in enumerate(cases):
        problem = depth_problem(layers, start)
        run = dynamics.solve(problem)
        agreement = verify(problem, simulate=known(run), tolerance=CURVE_BOUND)
        required = ("constant", DELTA_LEFT_OUT, STRENGTH_OFF) if layers > 1 or start > DRAWN else ("constant",)
        findings.append(finding(agreement.require(*required), f"{layers} layers from {start:g}: curve"))
        curve = run.modes["sign_to_sign"]
        curves[layers, start] = (problem.times, curve)
        halves[layers, start] = float(np.interp(MODE.pi_star / 2, curve, problem.times))
        error = abs(float(curve[10]) / MODE.pi_star - 0.5)
        late = abs(float(curve[11]) / MODE.pi_star - 0.5) > HALF_BOUND
        label = f"{layers} layers from {start:g}: distance from half of pi* at the predicted half-time"
        findings.append(Finding(label, error, HALF_BOUND, error <= HALF_BOUND and late, 1, int(late), unit="of pi*"))
        settings.progress((done + 1) / len(cases))
    findings += [_power(layers, halves) for layers in DEPTHS[1:]]
    return Evidence(tuple(findings), {"curves": curves, "halves": halves})


def _power(layers: int, halves: Mapping[tuple[int, float], float]) -> Finding:
    """Compare the growth of simulated half-times with the power 1 - 2/L of 1/pi0; the control is one more layer.

    Every start is ten times smaller than the one before, so that the increments of the half-time grow by 10^(1 - 2/L).
    """
    increments = np.diff([halves[layers, start] for start in STARTS])
    power = float(np.log10(increments[-1] / increments[-2]))
    error, wrong = (abs(power - (1 - 2 / depth)) for depth in (layers, layers + 1))
    bound = power_bound(layers)
    label = f"{layers} layers: power of the half-time"
    return Finding(label, error, bound, error <= bound < wrong, 1, int(wrong > bound), unit="power")


def power_bound(layers: int) -> float:
    r"""Return twice the change of the power by the terms that follow the leading one.

    With :math:`x = \pi_0/\pi^*` and :math:`s = 2/L - 1`, the half-time is a constant less a multiple of
    :math:`x^s/s + x^{s+1}/(s+1) + \ldots` (:func:`linmod.theory.deep_flow`). Its increment from x to x/10 is therefore
    proportional to :math:`x^s (1 + c x + \ldots)` with :math:`c = s (1 - 10^{-s-1}) / ((s+1)(1 - 10^{-s}))`, and to
    :math:`1 + .9 x/\ln 10` for s = 0. The increment from x/10 to x/100 is closer to the leading power, so that the
    power changes by :math:`.9\,c\,x/\ln 10`. The remaining terms are smaller by the factor x = .01; twice the change
    covers them.
    """
    s, x = 2 / layers - 1, STARTS[-3] / MODE.pi_star
    leading = math.log(10) if s == 0 else (1 - 10**-s) / s
    return 2 * 0.9 * x * (1 - 10 ** (-s - 1)) / (s + 1) / leading / math.log(10)


def _draw(evidence: Evidence) -> Figure:
    with house_style():
        figure, axes = canvas(1, 2, height=2.8)
        for stroke, layers in zip(EXTRA, DEPTHS, strict=True):
            _draw_curve(axes[0], evidence, stroke, layers)
            _draw_half_times(axes[1], evidence, stroke, layers)
        axes[0].set(xlabel="time / half-time", ylabel=RELATIVE, xlim=(0, 2), ylim=(0, 1.03))
        axes[1].set(
            xscale="log", yscale="log", xlabel=r"initial strength $\pi_0$", ylabel=r"half-time (units of $\tau$)"
        )
        title(axes[0], 0, rf"learning from $\pi_0 = {DRAWN:g}$")
        title(axes[1], 1, "half-time")
        legend_below(figure, axes[0], ncols=5, note="lines: closed form; markers: simulated", handlelength=2.8)
    return figure


def _draw_curve(axes: Axes, evidence: Evidence, stroke: Stroke, layers: int) -> None:
    problem = depth_problem(layers, DRAWN)
    half = problem.times[10]
    fine = replace(problem, training=Flow(half * np.linspace(0, 2, 300)))
    axes.plot(fine.times / half, _relative(fine), color=stroke.color, linestyle=stroke.linestyle)
    times, curve = evidence.data["curves"][layers, DRAWN]
    axes.plot(
        times / half, curve / MODE.pi_star, stroke.marker, color=stroke.color, markersize=3.5, markerfacecolor="white"
    )
    label = f"{layers} layer{'s' if layers > 1 else ''}"
    name_stroke(axes, stroke, label)


def _relative(problem: Problem) -> FloatArray:
    return np.asarray(theory.solve(problem).modes["sign_to_sign"] / MODE.pi_star)


def _draw_half_times(axes: Axes, evidence: Evidence, stroke: Stroke, layers: int) -> None:
    starts = np.geomspace(1e-5, 0.3, 100)
    times = [theory.half_time_deep(MODE.lam, MODE.delta, start, layers) for start in starts.tolist()]
    axes.plot(starts, times, color=stroke.color, linestyle=stroke.linestyle)
    points = [(start, time) for (depth, start), time in evidence.data["halves"].items() if depth == layers]
    axes.plot(*np.array(points).T, stroke.marker, color=stroke.color, markersize=4, markerfacecolor="white")


DEPTH = Claim(
    name="depth",
    source="Saxe, McClelland & Ganguli (2014), equation for any depth; solved here",
    statement="A mode of a balanced network of L layers follows the inverse of one incomplete integral. As its "
    "initial strength decreases, its half-time grows logarithmically with two layers and as the power -(1 - 2/L) of "
    "the initial strength with more.",
    assumptions=("aligned and balanced initial weights", "gradient flow"),
    check=_check,
    draw=_draw,
    caption="Lines: closed form. Markers: simulated.",
)
