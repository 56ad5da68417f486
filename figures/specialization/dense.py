"""Dense networks in the setting of the published figures: modes and block norms, predicted and simulated."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ... import dynamics, theory
from ...datasets import SystematicityDataset
from ...problem import Deep, Descent, Problem, Shallow, SmallRandom, Trajectory
from ...validation import FloatArray
from ...verification.claims import Claim, Evidence, Settings, finding
from ...verification.comparison import verify
from ...verification.controls import DELTA_MISSING, STRENGTH_OFF, SWAPPED
from ..drawing.style import STROKES, TIME, block_label, canvas, class_label, house_style, label_ends, title

PAPER = "Jarvis, Klein, Rosman & Saxe (ICLR 2023)"
DATASET = SystematicityDataset(n_x=3, n_y=1, k_x=3, k_y=1, r=1.0)
MARKERS = 16


def deep_problem(seed: int) -> Problem:
    """The published setting of the two-layer network."""
    return Problem(DATASET, Deep(hidden=50), SmallRandom(std=2e-4, seed=seed), Descent(step_size=0.16, steps=300))


def shallow_problem(seed: int) -> Problem:
    """The published setting of the shallow network."""
    return Problem(DATASET, Shallow(), SmallRandom(std=2e-4, seed=seed), Descent(step_size=0.04, steps=300))


def known(run: Trajectory) -> Callable[[Problem], Trajectory]:
    """Simulate by what has been simulated already."""
    return lambda _: run


def _check(problem: Callable[[int], Problem], tolerance: float | None) -> Callable[[Settings], Evidence]:
    def check(settings: Settings) -> Evidence:
        seeds = settings.seeds(full=8, quick=2)
        findings, predicted, simulated = [], [], []
        for done, seed in enumerate(seeds):
            here = problem(seed)
            predicted.append(theory.solve(here))
            simulated.append(dynamics.solve(here))
            agreement = verify(here, simulate=lambda _: simulated[-1], tolerance=tolerance)
            agreement.require("constant", SWAPPED, STRENGTH_OFF, DELTA_MISSING)
            findings.append(finding(agreement, f"seed {seed}"))
            settings.progress((done + 1) / len(seeds))
        return Evidence(tuple(findings), {"predicted": predicted, "simulated": simulated})

    return check


def draw_learning(evidence: Evidence) -> Figure:
    """Singular values, block norms, and the error of both, over several seeds."""
    predicted, simulated = evidence.data["predicted"], evidence.data["simulated"]
    with house_style():
        figure, axes = canvas(1, 3, height=2.5)
        modes = {name: (class_label(name), lambda run, name=name: run.modes[name]) for name in predicted[0].modes}
        norms = {pair: (block_label(*pair), lambda run, pair=pair: run.norms[pair]) for pair in predicted[0].norms}
        draw_curves(axes[0], predicted, simulated, modes)
        draw_curves(axes[1], predicted, simulated, norms)
        title(axes[0], 0, "effective singular values")
        title(axes[1], 1, "block norms of the map")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, handlelength=1.6)
        axes[0].set_ylabel(r"effective singular value $\pi$")
        axes[1].set_ylabel("Frobenius norm")
        _draw_errors(axes[2], predicted, simulated)
        title(axes[2], 2, "error, worst seed")
    return figure


Curves = Mapping[object, tuple[str, Callable[[Trajectory], FloatArray]]]


def draw_curves(axes: Axes, predicted: list[Trajectory], simulated: list[Trajectory], curves: Curves) -> None:
    """Predicted means as lines, simulated means as points, and the range of the simulations as a band."""
    times = predicted[0].times
    labels = {}
    for (label, values), stroke in zip(curves.values(), STROKES, strict=False):
        theory_mean = np.mean([values(run) for run in predicted], axis=0)
        runs = np.array([values(run) for run in simulated])
        every = max(1, len(times) // MARKERS)
        axes.fill_between(times, runs.min(axis=0), runs.max(axis=0), color=stroke.color, alpha=0.18, linewidth=0)
        axes.plot(times, theory_mean, color=stroke.color, linestyle=stroke.linestyle)
        axes.plot(
            times[::every],
            runs.mean(axis=0)[::every],
            stroke.marker,
            color=stroke.color,
            markersize=3.2,
            markeredgewidth=0.7,
            markerfacecolor="white",
        )
        labels[label] = (float(theory_mean[-1]), stroke.color)
    axes.set(xlabel=TIME, xlim=(times[0], times[-1]), ylim=(0, None))
    label_ends(axes, labels, float(times[-1]))
    axes.plot([], [], color="0.3", label="predicted (mean)")
    axes.plot([], [], "o", color="0.3", markersize=3.2, markerfacecolor="white", label="simulated (mean)")
    axes.fill_between([], [], [], color="0.3", alpha=0.18, label="simulated, all seeds")


def _draw_errors(axes: Axes, predicted: list[Trajectory], simulated: list[Trajectory]) -> None:
    times = predicted[0].times
    kinds = {"modes": "mode ", "norms": "norm ", "loss": "loss"}
    labels = {}
    for (label, prefix), stroke in zip(kinds.items(), STROKES, strict=False):
        error = np.max(
            [
                np.abs(values - simulation.quantities[name])
                for prediction, simulation in zip(predicted, simulated, strict=True)
                for name, values in prediction.quantities.items()
                if name.startswith(prefix)
            ],
            axis=0,
        )
        axes.semilogy(times, np.maximum(error, 1e-17), color=stroke.color, linestyle=stroke.linestyle)
        labels[label] = (float(max(error[-1], 1e-17)), stroke.color)
    axes.set(xlabel=TIME, xlim=(times[0], times[-1]), ylabel="|predicted - simulated|")
    label_ends(axes, labels, float(times[-1]))


DENSE_DEEP = Claim(
    name="dense-deep",
    source=f"{PAPER}, learning dynamics and Frobenius norms of the dense deep network",
    statement="The singular values and block norms of a two-layer network follow their closed form, started from the "
    "actual small random weights and stepped by the exact discrete map.",
    assumptions=("small random start", "hidden units >= modes", "error bound .001 of the largest value of each kind"),
    check=_check(deep_problem, tolerance=1e-3),
    draw=draw_learning,
)
DENSE_SHALLOW = Claim(
    name="dense-shallow",
    source=f"{PAPER}, learning dynamics and Frobenius norms of the dense shallow network",
    statement="The singular values and block norms of a shallow network follow their closed form to rounding, from any "
    "weights.",
    assumptions=("none beyond a stable step",),
    check=_check(shallow_problem, tolerance=None),
    draw=draw_learning,
)
