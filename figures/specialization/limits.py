"""Two limits in which closed forms hold: small initial weights and small steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ... import dynamics, theory
from ...datasets import SystematicityDataset
from ...problem import Aligned, Deep, Descent, Flow, Problem, SmallRandom, Trajectory
from ...verification.claims import Claim, Evidence, Settings, finding
from ...verification.comparison import compare
from ...verification.convergence import ConvergenceOrder, convergence_order
from ..drawing.style import COLUMN, STROKES, canvas, house_style
from ..published import SPECIALIZATION

SEPARATED = SystematicityDataset(n_x=3, n_y=1, k_x=1, k_y=2, r=1.0)
CLOSE = SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1, r=2.0)
STDS = (1e-4, 3e-5, 1e-5, 3e-6, 1e-6)
ORDER_MARGIN = 0.1
STEPS = (0.16, 0.08, 0.04, 0.02, 0.01)
DURATION = 24.0


def naive_prediction(problem: Problem) -> Trajectory:
    r"""Predict from the initial strength :math:`u^\top W_2 W_1 v`, averaged over each class of modes."""
    basis = problem.dataset.mode_basis
    first, second = problem.initial_weights
    overlaps = np.sum((second.T @ basis.U) * (first @ basis.V), axis=0)
    strengths = {name: float(np.mean(overlaps[block])) for name, block in basis.classes.items()}
    return theory.solve(replace(problem, initial=Aligned(strengths)))


def flow_prediction(problem: Problem) -> Trajectory:
    """Predict gradient descent by gradient flow at the same times."""
    return theory.solve(replace(problem, training=Flow(problem.times)))


def _check_initial_scale(settings: Settings) -> Evidence:
    seeds = settings.seeds(full=3, quick=1)
    stds = STDS[::2] if settings.quick else STDS
    datasets = {"well separated": SEPARATED, "close": CLOSE}
    halves = (lambda done: settings.progress(done / 2), lambda done: settings.progress((1 + done) / 2))
    studies = {
        label: _initial_scale_study(dataset, stds, seeds, half)
        for (label, dataset), half in zip(datasets.items(), halves, strict=True)
    }
    return Evidence(
        tuple(finding(study, f"order in the initial scale, lambda {label}") for label, study in studies.items()),
        studies,
    )


def _initial_scale_study(
    dataset: SystematicityDataset, stds: Sequence[float], seeds: Sequence[int], progress: Callable[[float], None]
) -> ConvergenceOrder:
    order = theory.small_start_order(theory.spectrum(dataset))

    def problems(std: float) -> Iterable[Problem]:
        training = Descent(step_size=0.1, steps=_steps_to_learn(dataset, std), record_every=4)
        return [Problem(dataset, Deep(hidden=50), SmallRandom(std, seed), training) for seed in seeds]

    return convergence_order(
        "initial std",
        stds,
        problems,
        expected=(order - ORDER_MARGIN, order + ORDER_MARGIN),
        control=naive_prediction,
        progress=progress,
    )


def _steps_to_learn(dataset: SystematicityDataset, std: float) -> int:
    """Return the number of steps of size .1 after which the slowest mode has been learned."""
    slowest = min(c.lam for c in theory.spectrum(dataset).learnable)
    return round(10 * (math.log(1 / std**2) + 6) / (2 * slowest))


def _check_step_size(settings: Settings) -> Evidence:
    steps = STEPS[1:4] if settings.quick else STEPS

    def problems(step: float) -> Iterable[Problem]:
        count = round(DURATION / step)
        training = Descent(step_size=step, steps=count, record_every=round(0.16 / step))
        return [Problem(SEPARATED, Deep(hidden=50), Aligned(1e-4), training)]

    study = convergence_order(
        "step size",
        steps,
        problems,
        expected=(0.9, 1.1),
        predict=flow_prediction,
        control=lambda problem: flow_prediction(replace(problem, initial=Aligned(3e-4))),
        progress=settings.progress,
    )
    exact = [
        compare(theory.solve(problem), dynamics.solve(problem), 1e-12) for step in steps for problem in problems(step)
    ]
    of_map = [finding(item, f"exact discrete map, step {step:g}") for step, item in zip(steps, exact, strict=True)]
    return Evidence((finding(study), *of_map), {"flow": study, "map": [item.max_error for item in exact]})


def _draw_order(axes: Axes, study: ConvergenceOrder, index: int, label: str) -> None:
    stroke = STROKES[index]
    axes.errorbar(
        study.values,
        study.errors,
        study.spread,
        color=stroke.color,
        marker=stroke.marker,
        linestyle=stroke.linestyle,
        markersize=4,
        markerfacecolor="white",
        capsize=2,
    )
    axes.annotate(
        f"{label}: order {study.order:.2f}",
        (study.values[-1], study.errors[-1]),
        xytext=(6, -9),
        textcoords="offset points",
        color=stroke.color,
        fontsize=7,
    )


def _draw_initial_scale(evidence: Evidence) -> Figure:
    with house_style():
        figure, (axes,) = canvas(1, 1, width=COLUMN, height=2.6)
        for index, (label, study) in enumerate(evidence.data.items()):
            _draw_order(axes, study, index, rf"$\lambda$ {label}")
        naive = evidence.data["well separated"]
        axes.plot(naive.values, naive.control_errors, color="0.45", linestyle=":", marker="x", markersize=4)
        axes.annotate(
            r"predicted from $u^\top W_2 W_1 v$",
            (naive.values[-1], naive.control_errors[-1]),
            xytext=(2, -10),
            textcoords="offset points",
            color="0.35",
            fontsize=7,
        )
        axes.set(
            xscale="log",
            yscale="log",
            xlabel="standard deviation of the initial weights",
            ylabel="largest relative error",
            ylim=(3e-8, None),
        )
        axes.set_title("error of the closed form")
    return figure


def _draw_step_size(evidence: Evidence) -> Figure:
    study = evidence.data["flow"]
    with house_style():
        figure, (axes,) = canvas(1, 1, width=COLUMN, height=2.6)
        _draw_order(axes, study, 0, "gradient flow")
        axes.plot(study.values, evidence.data["map"], color=STROKES[1].color, linestyle=STROKES[1].linestyle)
        axes.plot(
            study.values, evidence.data["map"], "s", color=STROKES[1].color, markersize=4, markerfacecolor="white"
        )
        axes.annotate(
            "exact discrete map",
            (study.values[-1], evidence.data["map"][-1]),
            xytext=(4, 8),
            textcoords="offset points",
            color=STROKES[1].color,
            fontsize=7,
        )
        axes.set(xscale="log", yscale="log", xlabel=r"step size $1/\tau$", ylabel="largest relative error")
        axes.set_title("two predictions of gradient descent")
    return figure


INITIAL_SCALE = Claim(
    name="initial-scale",
    source="Saxe, McClelland & Ganguli (2014), small initial weights; order measured here",
    statement="The error of the closed form for small random weights decreases with their standard deviation: in "
    "proportion to it if the singular values of the classes are well separated, and with a smaller known power if "
    "they are close.",
    assumptions=("two layers", "at least as many hidden units as modes"),
    check=_check_initial_scale,
    draw=_draw_initial_scale,
    caption="Markers with error bars: largest error of the closed form over the simulations of a start, mean and "
    "spread over seeds; lines join them. Crosses on the dotted line: the prediction from u'W2W1v, which "
    "must be rejected.",
)
STEP_SIZE = Claim(
    name="step-size",
    source=f"{SPECIALIZATION}, gradient flow as the limit of descent",
    statement="Gradient flow predicts gradient descent with an error of first order in the step size; the exact "
    "discrete map predicts it to rounding.",
    assumptions=("aligned initial weights",),
    check=_check_step_size,
    draw=_draw_step_size,
    caption="Circles on the solid line: largest error of gradient flow as a prediction of simulated descent. "
    "Squares on the dashed line: largest error of the exact discrete map.",
)
