"""Two pathways into the same outputs: their final shares by gain, initial ratio, initial scale and depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ... import dynamics, theory
from ...datasets import SystematicityDataset
from ...problem import Aligned, Deep, Flow, Modular, Problem, Trajectory
from ...validation import FloatArray
from ...verification.claims import Claim, Evidence, Finding, Settings, finding
from ...verification.comparison import verify
from ...verification.controls import UNSHARED
from ..drawing.style import STROKES, canvas, house_style, legend_below, title
from ..published import SPECIALIZATION
from .dense import known

KAPPAS = (0.4, 0.6, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.8)
RATIOS = (0.05, 0.15, 0.3, 0.6, 1.0, 2.0, 5.0)
SCALES = (1e-1, 1e-2, 1e-4, 1e-8)
SIMULATED = 1e-2
SIMULATED_LABEL = rf"simulated, $\alpha_0 = 10^{{{np.log10(SIMULATED):.0f}}}$"
KAPPA_OF_DEPTH = 1.22
CURVE_BOUND, INVARIANT_BOUND, FINAL_BOUND = 1e-6, 1e-8, 1e-6
"""Curves: the integrator takes fewer than 300 steps of relative error 1e-11; growth from .01 to 1 amplifies the shift
in time a hundredfold. Invariant: it is exact under gradient flow, so only the steps contribute, 300 * 1e-11. Final
state: training lasts ln(1e7) times the slowest time constant after growth."""


@dataclass(frozen=True)
class Start:
    """A sign pathway of gain 1 and an identity pathway of gain kappa, with initial strengths alpha0 and beta0."""

    kappa: float
    alpha0: float
    beta0: float
    layers: int

    @property
    def final_share(self) -> float:
        """The predicted share of the sign pathway in the learned output."""
        return float(theory.race_final([1.0, self.kappa], 1.0, [self.alpha0, self.beta0], self.layers)[0])

    @property
    def problem(self) -> Problem:
        """The problem of training all weights until the output is learned."""
        dataset = SystematicityDataset(n_x=1, n_y=1, k_x=1, k_y=0, r=self.kappa * np.sqrt(2))
        alpha, beta = theory.race_final([1.0, self.kappa], 1.0, [self.alpha0, self.beta0], self.layers)
        power = 2 - 2 / self.layers
        rate = self.layers * (alpha**power + self.kappa**2 * beta**power)
        waiting = min(
            theory.half_time_deep(gain, gain**2, start, self.layers)
            for gain, start in ((1.0, self.alpha0), (self.kappa, self.beta0))
        )
        times = np.linspace(0.0, 2 * waiting + np.log(1e7) / rate, 25)
        start = Aligned([self.alpha0, self.beta0])
        return Problem(dataset, Modular.race(Deep(hidden=2, layers=self.layers)), start, Flow(times, 1e-11, 1e-15))

    def broken_invariant(self, run: Trajectory, kappa: float) -> float:
        """Return the largest relative difference between the values of the invariant in the two pathways."""
        alpha, beta = run.norms["omega_x", "omega_y"], run.norms["gamma_x", "omega_y"]
        ours = theory.race_clock(alpha, self.alpha0, 1.0, self.layers)
        theirs = theory.race_clock(beta, self.beta0, kappa, self.layers)
        return float(np.max(np.abs(ours - theirs)) / np.max(np.abs(ours)))


def _starts(quick: bool) -> Iterator[Start]:
    step = 3 if quick else 1
    yield from (Start(kappa, SIMULATED, SIMULATED, 2) for kappa in KAPPAS[::step])
    yield from (Start(KAPPA_OF_DEPTH, SIMULATED, ratio * SIMULATED, 3) for ratio in RATIOS[::step])


def _check(settings: Settings) -> Evidence:
    findings: list[Finding] = []
    points: dict[Start, float] = {}
    starts = list(_starts(settings.quick))
    for done, start in enumerate(starts):
        problem = start.problem
        run = dynamics.solve(problem)
        label = f"{start.layers} layers, kappa {start.kappa:g}, ratio {start.beta0 / start.alpha0:g}"
        agreement = verify(problem, simulate=known(run), tolerance=CURVE_BOUND)
        findings.append(finding(agreement.require("constant", UNSHARED), f"{label}: curves"))
        broken, wrong = (start.broken_invariant(run, kappa) for kappa in (start.kappa, 1.01 * start.kappa))
        rejected = wrong > 10 * INVARIANT_BOUND
        passed = broken <= INVARIANT_BOUND and rejected
        findings.append(
            Finding(f"{label}: invariant", broken, INVARIANT_BOUND, passed, 1, int(rejected), unit="relative")
        )
        points[start] = float(run.norms["omega_x", "omega_y"][-1])
        error = abs(points[start] - start.final_share)
        rejected = abs(points[start] - replace(start, kappa=1.01 * start.kappa).final_share) > FINAL_BOUND
        passed = error <= FINAL_BOUND and rejected
        findings.append(Finding(f"{label}: final share", error, FINAL_BOUND, passed, 1, int(rejected), unit="absolute"))
        settings.progress((done + 1) / len(starts))
    return Evidence(tuple(findings), {"points": points})


def _draw(evidence: Evidence) -> Figure:
    points = evidence.data["points"]
    kappas, ratios = np.linspace(0.35, 1.9, 120), np.geomspace(0.03, 8, 120)
    with house_style():
        figure, axes = canvas(1, 2, height=2.8)
        _draw_shares(axes[0], kappas, lambda scale, kappa: Start(kappa, scale, scale, 2))
        _draw_shares(axes[1], ratios, lambda scale, ratio: Start(KAPPA_OF_DEPTH, scale, ratio * scale, 3))
        for axis, layers in zip(axes, (2, 3), strict=True):
            found = [
                (start.kappa if layers == 2 else start.beta0 / start.alpha0, share)
                for start, share in points.items()
                if start.layers == layers
            ]
            axis.plot(
                *np.array(found).T, "o", color="0.15", markersize=4, markerfacecolor="white", label=SIMULATED_LABEL
            )
            axis.set(ylabel="final share of the sign pathway", ylim=(-0.03, 1.03))
        axes[0].axvline(1.0, color="0.6", linewidth=0.7, zorder=0, label=r"threshold as $\alpha_0 \to 0$")
        axes[0].set(xlabel=r"gain of the identity pathway $\kappa = r\sqrt{k_x/N}$")
        axes[1].axvline(KAPPA_OF_DEPTH**-3, color="0.6", linewidth=0.7, zorder=0)
        axes[1].set(xlabel=r"initial ratio $\beta_0/\alpha_0$", xscale="log")
        title(axes[0], 0, r"two layers, $\beta_0 = \alpha_0$")
        title(axes[1], 1, rf"three layers, $\kappa = {KAPPA_OF_DEPTH}$")
        legend_below(figure, axes[0], ncols=3, handlelength=2.6)
    return figure


def _draw_shares(axes: Axes, values: FloatArray, start: Callable[[float, float], Start]) -> None:
    for stroke, scale in zip(STROKES, SCALES, strict=True):
        shares = [start(scale, value).final_share for value in values.tolist()]
        label = rf"predicted, $\alpha_0 = 10^{{{np.log10(scale):.0f}}}$"
        axes.plot(values, shares, color=stroke.color, linestyle=stroke.linestyle, label=label)


RACE = Claim(
    name="race",
    source=f"{SPECIALIZATION}, shared outputs; Saxe, Sodhani & Lewallen (ICML 2022); any depth derived here",
    statement="Two pathways that write the same outputs conserve one relation between their strengths, which fixes "
    "their final shares: by their gains if two-layer pathways start equal, and by their gains and the ratio of their "
    "initial strengths with three layers.",
    assumptions=("aligned initial weights", "gradient flow"),
    check=_check,
    draw=_draw,
    caption="Lines: predicted final share of the sign pathway, for three initial strengths. Open circles: "
    "simulated, for one of them. Grey vertical lines: the threshold as the initial strength vanishes.",
)
