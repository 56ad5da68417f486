"""Phase diagrams over the dataset space: final systematicity ratio, and half-times of sign and identity modes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from ... import dynamics, theory
from ...datasets import SystematicityDataset
from ...problem import Deep, Descent, Problem, SmallRandom
from ...sweeps.quantities import half_times
from ...verification.claims import Claim, Evidence, Settings
from ..drawing.diagram import Point, diagram_note, draw_deviations, draw_diagram, mean_finding, scatter_finding
from ..drawing.style import canvas, house_style, legend_below, title
from ..published import SPECIALIZATION

RATIOS = (0.2, 0.5, 0.8)
RATIO_STD, RATIO_HIDDEN, RATIO_STEP = 1e-3, 50, 0.2
TIME_STD, TIME_HIDDEN, TIME_STEP = 1e-4, 100, 0.1
RATIO_LEVELS = (0.1, *RATIOS, 0.9)
TIME_LEVELS = {"sign_to_sign": (2, 3, 4, 5, 6, 7), "identity_to_identity": (5, 10, 20, 40, 80, 160)}
CLASSES = {"sign_to_sign": "sign", "identity_to_identity": "identity"}


def _places(quick: bool, most: int) -> list[tuple[int, float]]:
    """Return the places of the diagram, on contours of the systematicity ratio."""
    return [(bits, 2**bits * (1 - ratio) / ratio) for bits in range(1, 4 if quick else most + 1) for ratio in RATIOS]


def _seeds(settings: Settings, place: int) -> list[int]:
    """Return different seeds at each place, so that deviations at different places are independent."""
    return [seed + 1000 * place for seed in settings.seeds(full=6, quick=4)]


def ratio_dataset(bits: int, part: float) -> SystematicityDataset:
    """Return a dataset with k_x r^2 = part; one and three copies of the identity block give the same ratio."""
    copies = 3 if bits % 2 else 1
    return SystematicityDataset(n_x=bits, n_y=1, k_x=copies, k_y=1, r=float(np.sqrt(part / copies)), r_y=1.0)


def ratio_problem(dataset: SystematicityDataset, seed: int) -> Problem:
    """Return a two-layer problem that lasts until the sign outputs are learned and initial weights have decayed."""
    mode = theory.spectrum(dataset)["sign_to_sign"]
    step = RATIO_STEP / mode.lam
    half = theory.mean_half_time(mode, std=RATIO_STD, directions=RATIO_HIDDEN, step_size=step).mean
    steps = round((half + 10 / mode.lam) / step)
    return Problem(dataset, Deep(RATIO_HIDDEN), SmallRandom(RATIO_STD, seed), Descent(step, steps, record_every=steps))


def _ratio_point(bits: int, part: float, seeds: Sequence[int]) -> Point:
    dataset = ratio_dataset(bits, part)
    courses = np.array([dynamics.solve(ratio_problem(dataset, seed)).systematicity_ratio for seed in seeds])
    wrong = {
        "constant": float(np.mean(courses[:, 0])),
        "r for r^2": dataset.n_items / (dataset.n_items + dataset.k_x * dataset.r),
        "n_x for N": bits / (bits + part),
    }
    return Point(bits, part, theory.mean_systematicity_ratio(dataset, RATIO_STD), courses[:, -1], wrong)


def _check_ratio(settings: Settings) -> Evidence:
    places = _places(settings.quick, most=6)
    points = []
    for place, (bits, part) in enumerate(places):
        points.append(_ratio_point(bits, part, _seeds(settings, place)))
        settings.progress((place + 1) / len(places))
    findings = (mean_finding("ratio", points), scatter_finding("ratio", points))
    return Evidence(findings, {"points": points})


def time_dataset(bits: int, part: float) -> SystematicityDataset:
    """Return a dataset of two well separated classes of modes: every sign input is also an output."""
    return SystematicityDataset(n_x=bits, n_y=bits, k_x=1, k_y=1, r=float(np.sqrt(part)), r_y=1.0)


def time_problem(dataset: SystematicityDataset, seed: int) -> Problem:
    """Return a two-layer problem that lasts until the identity modes are more than half learned."""
    step = _time_step(dataset)
    steps = round(1.2 * expected_half_time(dataset, "identity_to_identity").mean / step)
    training = Descent(step, steps, record_every=max(1, steps // 100))
    return Problem(dataset, Deep(TIME_HIDDEN), SmallRandom(TIME_STD, seed), training)


def expected_half_time(dataset: SystematicityDataset, name: str, std: float = TIME_STD) -> theory.RandomStartMean:
    """Return the closed form of the half-time of a class, in the hidden directions left over by faster modes."""
    mode = theory.spectrum(dataset)[name]
    free = TIME_HIDDEN - (0 if name == "sign_to_sign" else dataset.n_x)
    return theory.mean_half_time(mode, std=std, directions=free, step_size=_time_step(dataset))


def _time_step(dataset: SystematicityDataset) -> float:
    return TIME_STEP / theory.spectrum(dataset)["sign_to_sign"].lam


def _time_points(bits: int, part: float, seeds: Sequence[int]) -> dict[str, Point]:
    dataset = time_dataset(bits, part)
    problems = [time_problem(dataset, seed) for seed in seeds]
    measured = [half_times(problem, dynamics.solve(problem)) for problem in problems]
    expected = {name: expected_half_time(dataset, name) for name in CLASSES}
    points = {}
    for name, other in zip(CLASSES, reversed(CLASSES), strict=True):
        mode = theory.spectrum(dataset)[name]
        wrong = {
            "the other class": expected[other].mean,
            "delta left out": expected[name].mean + np.log(mode.delta) / (2 * mode.lam),
            "initial strengths x 3": expected_half_time(dataset, name, TIME_STD * np.sqrt(3.0)).mean,
        }
        values = np.array([float(times[name,]) for times in measured])
        points[name] = Point(bits, part, expected[name], values, wrong)
    return points


def _check_time(settings: Settings) -> Evidence:
    places = _places(settings.quick, most=5)
    points: dict[str, list[Point]] = {name: [] for name in CLASSES}
    for place, (bits, part) in enumerate(places):
        for name, point in _time_points(bits, part, _seeds(settings, place)).items():
            points[name].append(point)
        settings.progress((place + 1) / len(places))
    findings = [
        kind(CLASSES[name], found) for name, found in points.items() for kind in (mean_finding, scatter_finding)
    ]
    return Evidence(tuple(findings), points)


def _draw_ratio(evidence: Evidence) -> Figure:
    points = evidence.data["points"]
    with house_style():
        figure, axes = canvas(1, 2, height=2.9)
        draw_diagram(axes[0], points, lambda bits, part: 2**bits / (2**bits + part), "{:.3f}", RATIO_LEVELS)
        title(axes[0], 0, "systematicity ratio")
        draw_deviations(axes[1], {"ratio": points}, 1.0)
        axes[1].set_ylabel("simulated mean - closed form")
        title(axes[1], 1, "difference of each mean")
        legend_below(figure, axes[1], ncols=2, note=diagram_note(points))
    return figure


def _draw_time(evidence: Evidence) -> Figure:
    with house_style():
        figure, axes = canvas(1, 3, height=2.9)
        for index, (name, points) in enumerate(evidence.data.items()):

            def closed_form(bits: int, part: float, name: str = name) -> float:
                return expected_half_time(time_dataset(bits, part), name).mean

            draw_diagram(axes[index], points, closed_form, "{:.3g}", TIME_LEVELS[name])
            title(axes[index], index, rf"half-time, {CLASSES[name]} (units of $\tau$)")
        draw_deviations(axes[2], {CLASSES[name]: points for name, points in evidence.data.items()}, None)
        axes[2].set_ylabel("simulated mean / closed form - 1")
        title(axes[2], 2, "difference of each mean")
        legend_below(figure, axes[2], ncols=4, note=diagram_note(points))
    return figure


RATIO_PHASES = Claim(
    name="phase-ratio",
    source=f"{SPECIALIZATION}, Frobenius norms and the ratio's limit with scale; scatter derived here",
    statement="The final systematicity ratio of a two-layer network trained from small random weights has mean N/(N "
    "+ k_x r^2) and standard deviation 2 s sqrt(ratio (1 - ratio) / pi*).",
    assumptions=(
        "random initial weights of small standard deviation s",
        "every output sign feature is an input sign feature",
    ),
    check=_check_ratio,
    draw=_draw_ratio,
    caption="(a) Contours and shades: closed form; circles with values: simulated means, in the same shades. (b) "
    "Markers with error bars: simulated mean minus closed form, with standard errors; dashes: the bounds.",
)
TIME_PHASES = Claim(
    name="phase-time",
    source=f"{SPECIALIZATION}, learning dynamics; average over random starts derived here",
    statement="The mean half-times of sign modes and identity modes over small random initial weights follow from "
    "the mean logarithm of their initial strengths in closed form, and so does their scatter.",
    assumptions=(
        "small random initial weights",
        "well separated singular values",
        "at least as many hidden units as modes",
    ),
    check=_check_time,
    draw=_draw_time,
    caption="(a, b) Contours and shades: closed form; circles with values: simulated means, in the same shades. "
    "(c) Markers with error bars: simulated mean over closed form, minus 1, with standard errors; dashes: "
    "the bounds.",
)
