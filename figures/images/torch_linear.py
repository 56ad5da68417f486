"""Linear networks trained by PyTorch, compared with the closed form and with our simulation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ... import dynamics, theory
from ...extras import require
from ...problem import Aligned, Descent, Problem, Trajectory, Weights
from ...projection import Projection, project
from ...validation import FloatArray
from ...verification.agreement import Agreement
from ...verification.claims import Claim, Evidence, Settings, finding
from ...verification.comparison import compare, verify
from ...verification.controls import DELTA_LEFT_OUT, STRENGTH_OFF, SWAPPED
from ..drawing.curves import along_curve
from ..drawing.style import STROKES, TIME, canvas, class_label, house_style, label_ends, title
from ..published import DATASET, DEEP_STEP, NETWORK, deep_problem
from ..specialization.dense import known

STEP_OFF = "step size 1 % too large"
SHUFFLED = "checkpoints shuffled"
STEP_FACTOR = 1.01
TYPES = ("float64", "float32")
SMALL_START = 1e-3


def torch_checkpoints(problem: Problem, dtype: str) -> list[Weights]:
    """Return the weights at every step of a network that PyTorch trains as a problem says.

    Modules, gradient and optimiser are those of PyTorch.
    """
    torch = require("torch", extra="torch")
    kind, training = getattr(torch, dtype), _descent(problem)
    X, Y = (torch.tensor(side.T.copy(), dtype=kind) for side in (problem.dataset.X, problem.dataset.Y))
    network = _torch_network(torch, problem.initial_weights, kind)
    optimizer = torch.optim.SGD(network.parameters(), lr=training.step_size)
    checkpoints = [_copied(network)]
    with one_thread(torch):
        for _ in range(training.steps):
            optimizer.zero_grad()
            loss = (network(X) - Y).square().sum(dim=1).mean() / 2
            loss.backward()
            optimizer.step()
            checkpoints.append(_copied(network))
    return checkpoints


@contextmanager
def one_thread(torch: Any) -> Iterator[None]:
    """Let PyTorch use one thread: sharing small matrices among several costs more than it saves."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _torch_network(torch: Any, weights: Weights, kind: Any) -> Any:
    layers = [torch.nn.Linear(*reversed(matrix.shape), bias=False, dtype=kind) for matrix in weights]
    with torch.no_grad():
        for layer, matrix in zip(layers, weights, strict=True):
            layer.weight.copy_(torch.tensor(matrix.copy()))
    return torch.nn.Sequential(*layers)


def _copied(network: Any) -> Any:
    return [weight.detach().clone() for weight in network.parameters()]


def rounding(problem: Problem, precision: float) -> float:
    r"""Return the bound on the difference of two programs that take the same n steps in inner products of d terms.

    The n d rounding errors have random signs and add up as a random walk, :math:`\sqrt{n d}\,\epsilon`. An error in the
    weights of a mode grows with the mode and keeps its relative size.
    """
    longest = max(max(matrix.shape) for matrix in problem.initial_weights)
    return float(np.sqrt(len(problem.times) * longest) * precision)


def _own_simulation(run: Run) -> Agreement:
    own = dynamics.solve(run.problem)
    order = np.random.default_rng(0).permutation(len(run.problem.times))
    controls = {
        STEP_OFF: dynamics.solve(_with_longer_steps(run.problem)).quantities,
        SHUFFLED: {name: values[order] for name, values in own.quantities.items()},
    }
    bound = rounding(run.problem, run.projection.precision)
    return compare(own, run.projection, bound, controls=controls).require("constant", *controls)


def _with_longer_steps(problem: Problem) -> Problem:
    descent = _descent(problem)
    return replace(problem, training=replace(descent, step_size=STEP_FACTOR * descent.step_size))


def _descent(problem: Problem) -> Descent:
    if not problem.training.is_descent:
        raise TypeError(f"training must be Descent, got {type(problem.training).__name__}")
    return problem.training


def _closed_form(run: Run, tolerance: float | None) -> Agreement:
    agreement = verify(run.problem, simulate=known(run.projection), tolerance=tolerance)
    return agreement.require("constant", SWAPPED, STRENGTH_OFF, DELTA_LEFT_OUT)


def aligned_problem(_: int) -> Problem:
    """Return the setting of the figure with aligned initial weights, where the closed form is exact."""
    return Problem(DATASET, NETWORK, Aligned(SMALL_START), Descent(step_size=DEEP_STEP, steps=300))


@dataclass(frozen=True)
class Setting:
    """A problem by seed, the number of seeds, and the bound for its closed form."""

    name: str
    problem: Callable[[int], Problem]
    seeds: int
    tolerance: float | None


SETTINGS = (
    Setting("small random start", deep_problem, seeds=4, tolerance=1e-3),
    Setting("aligned start", aligned_problem, seeds=1, tolerance=None),
)


@dataclass(frozen=True, eq=False)
class Run:
    """A network that PyTorch has trained, and the problem that starts from its first checkpoint."""

    dtype: str
    problem: Problem
    projection: Projection


def train(problem: Problem, dtype: str) -> Run:
    """Train a problem in PyTorch."""
    projection = project(torch_checkpoints(problem, dtype), problem.dataset, times=problem.times)
    return Run(dtype, projection.problem(problem.training), projection)


def _check(settings: Settings) -> Evidence:
    findings, runs = [], {}
    for done, setting in enumerate(SETTINGS):
        seeds = settings.seeds(full=setting.seeds, quick=1)
        runs[setting.name] = [train(setting.problem(seed), dtype) for seed in seeds for dtype in TYPES]
        for run in runs[setting.name]:
            label = f"{setting.name}, {run.dtype}"
            findings.append(finding(_own_simulation(run), f"{label}: difference from our simulation"))
            findings.append(finding(_closed_form(run, setting.tolerance), f"{label}: difference from the closed form"))
        settings.progress((done + 1) / len(SETTINGS))
    return Evidence(tuple(findings), {"runs": runs[SETTINGS[0].name]})


def _draw(evidence: Evidence) -> Figure:
    """Draw checkpoints of PyTorch over predicted curves, and their differences from prediction and simulation."""
    runs = evidence.data["runs"]
    with house_style():
        figure, axes = canvas(1, 2, height=2.5)
        _draw_modes(axes[0], theory.solve(runs[0].problem), runs[0].projection)
        title(axes[0], 0, "effective singular values")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
        _draw_errors(axes[1], runs)
        title(axes[1], 1, "largest difference of all quantities")
    return figure


def _draw_modes(axes: Axes, prediction: Trajectory, projection: Projection) -> None:
    times, labels = prediction.times, {}
    for (name, values), stroke in zip(prediction.modes.items(), STROKES, strict=False):
        axes.plot(times, values, color=stroke.color, linestyle=stroke.linestyle)
        at = along_curve(times, projection.modes[name])
        points = projection.modes[name][at]
        axes.plot(times[at], points, stroke.marker, color=stroke.color, markersize=3.2, markerfacecolor="white")
        labels[class_label(name)] = (float(values[-1]), stroke.color)
    axes.set(xlabel=TIME, ylabel=r"effective singular value $\pi$", xlim=(times[0], times[-1]), ylim=(0, None))
    label_ends(axes, labels, float(times[-1]))
    axes.plot([], [], color="0.3", label="predicted")
    axes.plot([], [], "o", color="0.3", markersize=3.2, markerfacecolor="white", label="PyTorch")


def _draw_errors(axes: Axes, runs: list[Run]) -> None:
    sides: dict[str, Callable[[Problem], Trajectory]] = {"closed form": theory.solve, "simulation": dynamics.solve}
    lines = [(side, dtype) for side in sides for dtype in TYPES]
    times, labels = runs[0].projection.times, {}
    for (side, dtype), stroke in zip(lines, STROKES, strict=True):
        errors = [_error(sides[side](run.problem), run.projection) for run in runs if run.dtype == dtype]
        error = np.max(errors, axis=0)
        axes.semilogy(times, np.where(error > 0, error, np.nan), color=stroke.color, linestyle=stroke.linestyle)
        labels[f"{side}, {dtype}"] = (float(error[error > 0][-1]), stroke.color)
    axes.set(xlabel=TIME, xlim=(times[0], times[-1]), ylabel="difference from PyTorch")
    label_ends(axes, labels, float(times[-1]))


def _error(side: Trajectory, projection: Projection) -> FloatArray:
    differences = [np.abs(values - projection.quantities[name]) for name, values in side.quantities.items()]
    return np.asarray(np.max(differences, axis=0))


TORCH_LINEAR = Claim(
    name="torch-linear",
    source="Saxe, McClelland & Ganguli (ICLR 2014); Jarvis, Klein, Rosman & Saxe (ICLR 2023), dense deep network",
    statement="A linear network trained by PyTorch equals our simulation to rounding in double and in single "
    "precision, and follows the closed form.",
    assumptions=(
        "plain SGD on all items",
        "small random or aligned initial weights",
        "at least as many hidden units as modes",
    ),
    check=_check,
    draw=_draw,
    caption="(a) Lines: predicted; markers: checkpoints of PyTorch. (b) Lines: largest difference from PyTorch, "
    "over all quantities.",
)
