"""Depth: how learning curves and the time to learn change with the number of layers and the scale of the start."""

from __future__ import annotations

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
from ...verification.controls import DELTA_MISSING, STRENGTH_OFF
from ..drawing.style import STROKES, Stroke, canvas, house_style, title
from .dense import known

DATASET = SystematicityDataset(n_x=1, n_y=1, k_x=1, k_y=1, r=1.0)
MODE = theory.spectrum(DATASET)["sign_to_sign"]
DEPTHS = (1, 2, 3, 4, 5)
STARTS = (1e-1, 1e-2, 1e-3, 1e-4)
DRAWN = 1e-2
CURVE_BOUND, HALF_BOUND = 1e-6, 1e-6
"""Fewer than 500 steps of relative error 1e-11 in the gains, whose shift in time the growth of a gain from 1e-4 to 1
amplifies at most ten thousandfold in two layers, less in more; with a margin of two hundred below that."""
EXTRA = (*STROKES, Stroke("0.25", (0, (8, 1.5, 1.2, 1.5, 1.2, 1.5)), "v"))


def depth_problem(layers: int, start: float) -> Problem:
    """A dense network of so many layers, reported up to twice its half time, and at that time."""
    network = Shallow() if layers == 1 else Deep(hidden=2, layers=layers)
    half = theory.half_time_deep(MODE.lam, MODE.delta, start, layers)
    return Problem(DATASET, network, Aligned(start), Flow(half * np.linspace(0.0, 2.0, 21), 1e-11, 1e-15))


def _check(settings: Settings) -> Evidence:
    findings: list[Finding] = []
    curves, halves = {}, {}
    starts = STARTS[:2] if settings.quick else STARTS
    cases = [(layers, start) for layers in DEPTHS for start in starts]
    for done, (layers, start) in enumerate(cases):
        problem = depth_problem(layers, start)
        run = dynamics.solve(problem)
        agreement = verify(problem, simulate=known(run), tolerance=CURVE_BOUND)
        required = ("constant", DELTA_MISSING, STRENGTH_OFF) if layers > 1 or start > DRAWN else ("constant",)
        findings.append(finding(agreement.require(*required), f"{layers} layers from {start:g}: curves"))
        curve = run.modes["sign_to_sign"]
        curves[layers, start], halves[layers, start] = (problem.times, curve), problem.times[10]
        error = abs(float(curve[10]) / MODE.pi_star - 0.5)
        late = abs(float(curve[11]) / MODE.pi_star - 0.5) > HALF_BOUND
        label = f"{layers} layers from {start:g}: half learned at the half time"
        findings.append(Finding(label, error, HALF_BOUND, error <= HALF_BOUND and late, 1, int(late)))
        settings.progress((done + 1) / len(cases))
    return Evidence(tuple(findings), {"curves": curves, "halves": halves})


def _draw(evidence: Evidence) -> Figure:
    with house_style():
        figure, axes = canvas(1, 2, height=2.8)
        for stroke, layers in zip(EXTRA, DEPTHS, strict=True):
            _draw_curve(axes[0], evidence, stroke, layers)
            _draw_half_times(axes[1], evidence, stroke, layers)
        axes[0].set(xlabel="time / time to be half learned", ylabel=r"$\pi / \pi^*$", xlim=(0, 2), ylim=(0, 1.03))
        axes[1].set(
            xscale="log", yscale="log", xlabel=r"initial strength $\pi_0$", ylabel=r"half time (units of $\tau$)"
        )
        title(axes[0], 0, rf"curves from $\pi_0 = {DRAWN:g}$")
        title(axes[1], 1, "time to be half learned")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, handlelength=2.8)
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
    axes.plot([], [], color=stroke.color, linestyle=stroke.linestyle, marker=stroke.marker, markersize=3.5, label=label)


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
    statement="A mode of a balanced network of L layers follows one incomplete integral; from small starts the time to "
    "learn it grows as their logarithm with two layers, and as their power -(1 - 2/L) with more.",
    assumptions=("aligned start", "gradient flow"),
    check=_check,
    draw=_draw,
)
