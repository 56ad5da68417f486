"""Modular architectures in the published setting: the output split, the full and the imperfect partition."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ... import dynamics, theory
from ...problem import (
    Aligned,
    Deep,
    Descent,
    Modular,
    Network,
    Problem,
    SmallRandom,
    Trajectory,
    stored_map,
    sub_structure,
    systematicity,
)
from ...verification.claims import Claim, Evidence, Finding, Settings, finding
from ...verification.comparison import verify
from ...verification.controls import DELTA_MISSING, STRENGTH_OFF
from ..drawing.curves import draw_curves
from ..drawing.style import COLUMN, STROKES, TIME, block_label, canvas, house_style, label_ends, title
from ..published import DATASET, DEEP_STEP, NETWORK, SPECIALIZATION, STD, split_problem
from .dense import draw_learning, known

BOUND = 5e-3
"""Error bound for std 2e-3: neglected are terms in proportion to the initial gain, a third of sqrt(50) * 2e-3."""
RATIO_BOUND = 2e-2
"""The input directions outside the modes keep their initial weights, which are of the order of the initial gain."""
PARTITION_BOUND = 1e-3
ROUNDING = 1e-12
BEGINNING = 16.0
LEAKS = (0.0, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25)


def architecture_problem(network: Network, seed: int) -> Problem:
    """Return a network in the published setting, trained until the slowest mode is learned."""
    return Problem(DATASET, network, SmallRandom(STD, seed), Descent(step_size=DEEP_STEP, steps=600, record_every=4))


def _check_split(settings: Settings) -> Evidence:
    findings, predicted, simulated = [], [], []
    seeds = settings.seeds(full=8, quick=2)
    ratio = theory.systematicity_ratio(DATASET)
    for done, seed in enumerate(seeds):
        problem = split_problem(seed)
        predicted.append(theory.solve(problem))
        simulated.append(dynamics.solve(problem))
        agreement = verify(problem, simulate=lambda _: simulated[-1], tolerance=BOUND)
        findings.append(finding(agreement.require("constant", STRENGTH_OFF, DELTA_MISSING), f"seed {seed}"))
        settings.progress((done + 1) / len(seeds))
    error = max(abs(float(run.systematicity_ratio[-1]) - ratio) for run in simulated)
    systematic = min(abs(float(run.systematicity_ratio[-1]) - 1) for run in simulated)
    passed, rejected = error <= RATIO_BOUND, systematic > RATIO_BOUND
    findings.append(Finding("final ratio", error, RATIO_BOUND, passed and rejected, 1, int(rejected)))
    return Evidence(tuple(findings), {"predicted": predicted, "simulated": simulated})


def _check_partition(settings: Settings) -> Evidence:
    seeds = settings.seeds(full=4, quick=1)
    networks: dict[str, Network] = {
        "fully partitioned": Modular.fully_partitioned(NETWORK),
        "output split": Modular.output_split(NETWORK),
        "dense": NETWORK,
    }
    findings, predicted, ratios = [], [], {}
    simulated: list[Trajectory] = []
    for done, (name, network) in enumerate(networks.items()):
        runs = [dynamics.solve(architecture_problem(network, seed)) for seed in seeds]
        ratios[name] = [run.systematicity_ratio for run in runs]
        if name == "fully partitioned":
            simulated = runs
        settings.progress((done + 1) / len(networks))
    for seed, run in zip(seeds, simulated, strict=True):
        problem = architecture_problem(networks["fully partitioned"], seed)
        predicted.append(theory.solve(problem))
        agreement = verify(problem, simulate=known(run), tolerance=PARTITION_BOUND)
        findings.append(finding(agreement.require("constant", STRENGTH_OFF, DELTA_MISSING), f"seed {seed}"))
    error = float(max(np.max(np.abs(ratio - 1)) for ratio in ratios["fully partitioned"]))
    others = [bool(np.max(np.abs(r - 1)) > ROUNDING) for name in ("output split", "dense") for r in ratios[name]]
    findings.append(
        Finding("ratio 1 throughout", error, ROUNDING, error <= ROUNDING and all(others), len(others), sum(others))
    )
    return Evidence(tuple(findings), {"predicted": predicted, "simulated": simulated, "ratios": ratios})


def _draw_partition(evidence: Evidence) -> Figure:
    predicted, simulated = evidence.data["predicted"], evidence.data["simulated"]
    with house_style():
        figure, axes = canvas(1, 2, height=2.7)
        pairs = [pair for pair, norm in predicted[0].norms.items() if norm.any()]
        norms = {pair: (block_label(*pair), lambda run, pair=pair: run.norms[pair]) for pair in pairs}
        draw_curves(axes[0], predicted, simulated, norms)
        axes[0].set_ylabel("Frobenius norm")
        title(axes[0], 0, "fully partitioned: block norms")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, handlelength=1.6)
        _draw_ratios(axes[1], evidence, predicted[0])
    return figure


def _draw_ratios(axes: Axes, evidence: Evidence, run: Trajectory) -> None:
    ends = {}
    early = int(np.searchsorted(run.times, BEGINNING))
    times = run.times[:early]
    for stroke, (name, ratios) in zip(STROKES, evidence.data["ratios"].items(), strict=False):
        mean = np.mean(ratios, axis=0)[:early]
        axes.plot(times, mean, color=stroke.color, linestyle=stroke.linestyle)
        every = slice(2 * (stroke.marker == "s"), None, 4)
        axes.plot(times[every], mean[every], stroke.marker, color=stroke.color, markersize=3, markerfacecolor="white")
        ends[name] = (float(mean[-1]), stroke.color)
    limit = theory.systematicity_ratio(DATASET)
    axes.axhline(limit, color="0.5", linewidth=0.7, zorder=0)
    axes.annotate(r"$N/(N + k_x r^2)$", (times[-1], limit), xytext=(-4, 4), textcoords="offset points", ha="right")
    axes.set(xlabel=TIME, ylabel="systematicity ratio", xlim=(0, times[-1]), ylim=(0, 1.05))
    label_ends(axes, ends, float(times[-1]))
    title(axes, 1, "share of the sign inputs, simulated")


def _check_leak(settings: Settings) -> Evidence:
    leaks = LEAKS[::3] if settings.quick else LEAKS
    part = sub_structure(DATASET, "omega_x", "omega_y")
    measured, errors, controls = {}, [], []
    for done, rho in enumerate(leaks):
        network, expected = Modular.leaky(rho, Deep(hidden=8)), theory.leak_ratios(DATASET, rho)
        run = dynamics.solve(Problem(DATASET, network, Aligned(0.01), Descent(0.16, 80, record_every=20)))
        stored = [
            systematicity(stored_map(network, DATASET, [layer[time] for layer in run.weights]), DATASET, part).share
            for time in range(len(run.times))
        ]
        measured[rho] = (stored[-1], float(run.systematicity_ratio[-1]))
        errors.append(float(np.max(np.abs(np.array(stored) - expected.stored))))
        errors.append(float(np.max(np.abs(run.systematicity_ratio - expected.effective))))
        if rho not in (0.0, 1.0):
            controls.append(abs(stored[-1] - expected.effective) > ROUNDING)
        settings.progress((done + 1) / len(leaks))
    passed = max(errors) <= ROUNDING and all(controls)
    label = f"both ratios, {len(leaks)} leaks, all times"
    found = Finding(label, max(errors), ROUNDING, passed, len(controls), sum(controls))
    return Evidence((found,), {"measured": measured})


def _draw_leak(evidence: Evidence) -> Figure:
    rhos = np.linspace(0, 1.3, 200)
    ratios = [theory.leak_ratios(DATASET, rho) for rho in rhos.tolist()]
    readings = {
        r"stored: $N/(N + \rho^2 k_x r^2)$": [ratio.stored for ratio in ratios],
        r"effective: $N/(N + \rho^4 k_x r^2)$": [ratio.effective for ratio in ratios],
    }
    with house_style():
        figure, (axes,) = canvas(1, 1, width=COLUMN, height=2.5)
        for column, (stroke, (label, line)) in enumerate(zip(STROKES, readings.items(), strict=False)):
            axes.plot(rhos, line, color=stroke.color, linestyle=stroke.linestyle)
            points = [(rho, values[column]) for rho, values in evidence.data["measured"].items()]
            axes.plot(*np.array(points).T, stroke.marker, color=stroke.color, markersize=4, markerfacecolor="white")
            both = axes.plot([], [], color=stroke.color, linestyle=stroke.linestyle, marker=stroke.marker, label=label)
            both[0].set(markersize=4, markerfacecolor="white")
        axes.legend(loc="lower left", handlelength=2.8)
        axes.set(xlabel=r"leak $\rho$ (0: perfect partition, 1: none)", ylabel="systematicity ratio", ylim=(0.4, 1.03))
        axes.set_title("imperfect partition: predicted (lines), simulated (points)")
    return figure


OUTPUT_SPLIT = Claim(
    name="output-split",
    source=f"{SPECIALIZATION}, output-partitioned network",
    statement="Splitting the outputs over two modules changes the speed of learning, but not the share of the sign "
    "inputs: the network ends no more systematic than the dense one.",
    assumptions=("small random start", "hidden units >= modes", "error bound .005 of the largest value of each kind"),
    check=_check_split,
    draw=draw_learning,
)
FULLY_PARTITIONED = Claim(
    name="fully-partitioned",
    source=f"{SPECIALIZATION}, fully partitioned network",
    statement="Only when inputs and outputs are both partitioned is the mapping of the sign features learned in "
    "isolation, from the first step on.",
    assumptions=("small random start for the curves; any start for the ratio",),
    check=_check_partition,
    draw=_draw_partition,
)
LEAK = Claim(
    name="imperfect-partition",
    source=f"{SPECIALIZATION}, imperfect partition; both readings derived here",
    statement="A leak rho of the identity inputs into the sign module leaves the share N/(N + rho^2 k_x r^2) to the "
    "sign inputs in the stored weights, and N/(N + rho^4 k_x r^2) in the effective map, at all times.",
    assumptions=("aligned start",),
    check=_check_leak,
    draw=_draw_leak,
)
