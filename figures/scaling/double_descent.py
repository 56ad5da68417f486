"""Losses of random features across the interpolation threshold, and where the formula with F(N, p) is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...datasets import PowerLaw, RandomFeatures
from ...dynamics import scaling as simulated
from ...problem import NoClosedForm
from ...theory import scaling as predicted
from ...verification.claims import Claim, Evidence, Finding, Settings
from ...verification.standard_errors import FALSE_ALARM, Measured, critical_value, finding_of
from ..drawing.style import FULL, STROKES, Stroke, canvas, house_style, legend_below, title
from ..published import SCALING

LAW = PowerLaw.with_exponent(dimension=2, omega=1.5)
ROWS, FEATURES, NOISE = 40, 160, 0.1
SIZES = (5, 10, 20, 28, 34, 48, 56, 70, 100, 160)
NEAR = (36, 38, 39, 40, 41, 42, 44)
BAND = (10.0, 90.0)
SINGLES = 300
TAIL_ROWS = 8
ORDER_ROWS = (12, 24, 48)
ORDER_BOUND = 0.5
ORDER_DRAWS = 2500


@dataclass(frozen=True)
class Sample:
    """The predicted and simulated losses of one model."""

    size: int
    test: Measured
    train: Measured


Choice = Callable[[Sequence[float], int, float, float], RandomFeatures]
CHOICES: dict[str, Choice] = {"whitened": RandomFeatures.whitened, "scaled": RandomFeatures.scaled}


def model(choice: Choice, size: int, noise: float = NOISE) -> RandomFeatures:
    """Return the model of the figure: infinitely many features, of which the first 160 are drawn one by one."""
    return choice(LAW.eigenvalues(FEATURES).tolist(), size, LAW.tail(FEATURES), noise)


def measure(drawn: RandomFeatures, rows: int, draws: int, seed: int, wrong: RandomFeatures | None = None) -> Sample:
    """Predict and simulate; the controls are F(N, p) where it is not exact, and a wrong model if one is given."""
    right = predicted.expected_losses(drawn, rows)
    found = simulated.estimate_losses(drawn, rows, draws=draws, seed=seed)
    controls = [predicted.isotropic_losses(drawn, rows)] + ([predicted.expected_losses(wrong, rows)] if wrong else [])
    test = Measured(
        right.test,
        found.test,
        found.test_error,
        right.declared_error * right.test,
        tuple(control.test for control in controls if control.test != right.test),
    )
    train = Measured(
        right.train,
        found.train,
        max(found.train_error, 1e-12),
        right.declared_error * right.train,
        tuple(control.train for control in controls if control.train != right.train),
    )
    return Sample(drawn.used, test, train)


def _check_descent(settings: Settings) -> Evidence:
    draws, sizes = (200, SIZES[::3]) if settings.quick else (500, SIZES)
    jobs = [(name, size) for name in CHOICES for size in sizes]
    samples: dict[str, list[Sample]] = {name: [] for name in CHOICES}
    bands: dict[tuple[str, int], list[float]] = {}
    for done, (name, size) in enumerate(jobs):
        wrong = model(CHOICES[name], size, 0.0)
        samples[name].append(measure(model(CHOICES[name], size), ROWS, draws, settings.seed + done, wrong))
        bands[name, size] = _singles(name, size, settings.seed, BAND)
        settings.progress(0.8 * (done + 1) / len(jobs))
    findings = [
        finding_of(f"{name} features, {kind} loss", [getattr(sample, kind) for sample in of_choice])
        for name, of_choice in samples.items()
        for kind in ("test", "train")
    ]
    medians = {size: _singles("whitened", size, settings.seed, [50.0])[0] for size in NEAR}
    tails = _tail_indices(20_000 if settings.quick else 100_000, settings.seed)
    findings.append(finding_of("tail index of the test loss at |N - p| = 0, 1, 2", tails))
    return Evidence(tuple(findings), {"samples": samples, "medians": medians, "bands": bands})


def _singles(name: str, size: int, seed: int, percentiles: Sequence[float]) -> list[float]:
    draws = simulated.sample_losses(model(CHOICES[name], size), ROWS, draws=SINGLES, seed=seed)
    return [float(value) for value in np.percentile(draws, percentiles)]


def _tail_indices(draws: int, seed: int) -> list[Measured]:
    points = []
    for gap in (0, 1, 2):
        size = TAIL_ROWS - gap
        traces = simulated.sample_inverse_traces(TAIL_ROWS, size, draws=draws, seed=seed)
        index, error = simulated.hill_index(traces, draws // 200)
        right = predicted.tail_index(TAIL_ROWS, size)
        points.append(Measured(right, index, error, wrong=(right + 1, right / 2)))
    return points


def _draw_descent(evidence: Evidence) -> Figure:
    samples: Mapping[str, list[Sample]] = evidence.data["samples"]
    with house_style():
        figure, axes = canvas(1, 2, height=2.8)
        for stroke, (name, of_choice) in zip(STROKES, samples.items(), strict=False):
            label = f"{name} features"
            _draw_kind(axes[0], "test", CHOICES[name], of_choice, stroke, label)
            _draw_kind(axes[1], "train", CHOICES[name], of_choice, stroke, label)
            for sample in of_choice:
                low, high = evidence.data["bands"][name, sample.size]
                axes[0].vlines(sample.size, low, high, color=stroke.color, alpha=0.3, linewidth=4)
        sizes, medians = zip(*evidence.data["medians"].items(), strict=True)
        axes[0].plot(sizes, medians, "x", color="0.2", markersize=4, label="median of draws (not judged)")
        axes[0].plot([], [], color="0.5", alpha=0.5, linewidth=4, label="10 to 90 % of draws (not judged)")
        for axis in axes:
            axis.axvspan(ROWS - 5, ROWS + 5, color="0.9", linewidth=0, label="near the threshold, $N = p$")
            axis.set(xscale="log", xlabel="features of the student, $p$", xlim=(4, 190))
            axis.set_xticks([5, 10, 20, 40, 80, 160], ["5", "10", "20", "40", "80", "160"], minor=False)
            axis.set_xticks([], minor=True)
        axes[0].set(yscale="log", ylabel="loss per row", ylim=(0.3, 20))
        axes[0].set_yticks([0.5, 1, 2, 5, 10, 20], ["0.5", "1", "2", "5", "10", "20"])
        axes[1].set(ylim=(-0.02, None))
        title(axes[0], 0, f"test loss, $N = {ROWS}$ rows")
        title(axes[1], 1, "training loss")
        legend_below(figure, axes[0], ncols=3)
    return figure


def _draw_kind(axes: Axes, kind: str, choice: Choice, samples: list[Sample], stroke: Stroke, label: str) -> None:
    sizes = np.unique(np.geomspace(4, FEATURES, 120).astype(int))
    values = [_or_gap(kind, model(choice, int(size))) for size in sizes]
    axes.plot(sizes, values, color=stroke.color, linestyle=stroke.linestyle, label=f"{label}, predicted")
    points = [(sample.size, getattr(sample, kind)) for sample in samples]
    axes.errorbar(
        [size for size, _ in points],
        [point.simulated for _, point in points],
        [3 * point.standard_error for _, point in points],
        color=stroke.color,
        marker=stroke.marker,
        linestyle="",
        markersize=6.5 if stroke is STROKES[0] else 3.5,
        markerfacecolor="white",
        label=f"{label}, simulated ($\\pm 3$ s.e.)",
    )


def _or_gap(kind: str, drawn: RandomFeatures) -> float:
    try:
        value = getattr(predicted.expected_losses(drawn, ROWS), kind)
    except NoClosedForm:
        return float("nan")
    return float(value) if np.isfinite(value) else float("nan")


SETTINGS = (
    (20, 60, 150, 2, 1.5, 0.0),
    (20, 60, 150, 1, 2.0, 0.0),
    (40, 120, 300, 3, 1.5, 0.0),
    (40, 160, 300, 2, 1.5, 0.2),
    (80, 240, 400, 2, 1.5, 0.0),
    (80, 240, 240, 1, 2.0, 0.0),
)
"""Rows, used features, all features, dimension, Omega and noise of settings with more features than rows."""


def _check_covariance(settings: Settings) -> Evidence:
    chosen = SETTINGS[:3] if settings.quick else SETTINGS
    samples = []
    for done, (rows, used, features, dimension, omega, noise) in enumerate(chosen):
        variances = PowerLaw.with_exponent(dimension, omega).eigenvalues(features)
        drawn = RandomFeatures.scaled(variances, used, noise=noise)
        samples.append(measure(drawn, rows, 200 if settings.quick else 300, settings.seed + done))
        settings.progress((done + 1) / len(chosen))
    tests = [sample.test for sample in samples]
    held = finding_of("scaled features, p > N: test loss", tests)
    errors = _errors(settings.seed)
    return Evidence((held, _order(errors)), {"settings": chosen, "tests": tests, "errors": errors})


@dataclass(frozen=True)
class Errors:
    """Relative errors of both formulas at one number of rows, and their standard error."""

    equivalent: float
    by_f: float
    standard_error: float


def _errors(seed: int) -> dict[int, Errors]:
    """Return relative errors at p = 3 N, with many targets per draw to reduce the noise."""
    errors = {}
    for rows in ORDER_ROWS:
        drawn = RandomFeatures.scaled(LAW.eigenvalues(3 * rows), 3 * rows)
        found = simulated.estimate_losses(drawn, rows, draws=ORDER_DRAWS, targets=64, seed=seed)
        right, wrong = (
            predicted.deterministic_equivalent(drawn, rows).test,
            predicted.isotropic_losses(drawn, rows).test,
        )
        error = found.test_error / found.test
        errors[rows] = Errors(abs(right / found.test - 1), abs(wrong / found.test - 1), error)
    return errors


def _order(errors: Mapping[int, Errors]) -> Finding:
    """Compare the order in 1/N of the error, from the smallest to the largest N, with 1; its noise must be smaller."""
    first, last = errors[ORDER_ROWS[0]], errors[ORDER_ROWS[-1]]
    span = np.log(ORDER_ROWS[-1] / ORDER_ROWS[0])
    order, control = (
        float(np.log(a / b) / span) for a, b in ((first.equivalent, last.equivalent), (first.by_f, last.by_f))
    )
    noise = np.hypot(first.standard_error / first.equivalent, last.standard_error / last.equivalent) / span
    rejected = abs(control - 1) > ORDER_BOUND
    passed = bool(abs(order - 1) <= ORDER_BOUND and critical_value(1) * noise <= ORDER_BOUND and rejected)
    return Finding(
        "distance of the order of the error in 1/N from 1",
        abs(order - 1),
        ORDER_BOUND,
        passed,
        1,
        int(rejected),
        order,
        unit="order",
    )


def _draw_covariance(evidence: Evidence) -> Figure:
    with house_style():
        figure = Figure(figsize=(FULL, 2.5), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1.6, 1))
        _draw_ratios(left, evidence.data["settings"], evidence.data["tests"])
        _draw_errors(right, evidence.data["errors"])
        title(left, 0, "features of unequal size, $p > N$")
        title(right, 1, "error at $p = 3N$")
        legend_below(figure, left, ncols=2, note="bars: three standard errors")
    return figure


FORMULAS = ((STROKES[0], "deterministic equivalent"), (STROKES[1], "formula with $F(N, p)$"))


def _draw_ratios(axes: Axes, settings: Sequence[tuple[float, ...]], tests: Sequence[Measured]) -> None:
    rows = np.arange(len(tests))[::-1]
    ratios = np.array([(test.predicted / test.simulated, test.wrong[0] / test.simulated) for test in tests])
    axes.hlines(rows, ratios[:, 0], ratios[:, 1], color="0.8", linewidth=1, zorder=0)
    for row, (right, wrong) in zip(rows.tolist(), ratios.tolist(), strict=True):
        for value, text, side, align in (
            (wrong, f"{100 * (wrong - 1):+.0f} %", 6, "left"),
            (right, f"{100 * (right - 1):+.1f} %", -6, "right"),
        ):
            axes.annotate(text, (value, row), xytext=(side, 0), textcoords="offset points", va="center", ha=align)
    for (stroke, label), values in zip(FORMULAS, ratios.T, strict=True):
        axes.plot(values, rows, stroke.marker, color=stroke.color, markersize=5, label=label)
    axes.axvline(1, color="0.3", linewidth=0.6, zorder=0)
    names = [
        f"$N={n},\\ p={p},\\ P={P},\\ m={m},\\ \\Omega={o:g}" + (f",\\ \\sigma^2={noise:g}$" if noise else "$")
        for n, p, P, m, o, noise in settings
    ]
    axes.set_yticks(rows, names)
    axes.set(xscale="log", xlabel="predicted / simulated test loss", xlim=(0.6, 11), ylim=(-0.6, len(tests) - 0.4))
    axes.set_xticks([1, 2, 4, 8], ["1", "2", "4", "8"])
    axes.set_xticks([], minor=True)


def _draw_errors(axes: Axes, errors: Mapping[int, Errors]) -> None:
    rows = np.array(list(errors))
    bars = [3 * error.standard_error for error in errors.values()]
    for (stroke, _), name in zip(FORMULAS, ("equivalent", "by_f"), strict=True):
        values = [getattr(error, name) for error in errors.values()]
        axes.errorbar(
            rows, values, bars, color=stroke.color, marker=stroke.marker, linestyle=stroke.linestyle, markersize=4
        )
    axes.plot(rows, errors[int(rows[0])].equivalent * rows[0] / rows, color="0.5", linestyle=":")
    axes.annotate("$1/N$", (rows[1], errors[int(rows[0])].equivalent / 2), xytext=(3, 6), textcoords="offset points")
    axes.set(xscale="log", yscale="log", xlabel="rows, $N$", ylabel="relative error")
    axes.set_xticks(rows, [str(n) for n in rows])
    axes.set_xticks([], minor=True)


DOUBLE_DESCENT = Claim(
    name="double-descent",
    source=f"{SCALING}, expected losses; Hastie et al. (2022), Belkin, Hsu & Xu (2020), Canatar et al. (2021)",
    statement="The test loss of least squares on random features falls, diverges as the number of features p "
    "approaches the number of rows N, and falls again, as predicted. The prediction is exact with fewer features "
    "than rows or features of equal size, and has an error of order 1/N with features of unequal size. Near the "
    "threshold the test loss has the tail index (|N - p| + 1)/2.",
    assumptions=(
        "Gaussian features and weights",
        "at least 5 degrees of freedom from the threshold where the prediction is not exact",
        f"each finding rejects a true statement with probability {FALSE_ALARM:g}",
    ),
    check=_check_descent,
    draw=_draw_descent,
    caption="Lines: predicted. Markers with error bars: simulated means with three standard errors. Crosses and "
    "wide bars in (a): median, and 10 to 90 % of the draws. Grey band: near the threshold.",
)
FEATURE_COVARIANCE = Claim(
    name="feature-covariance",
    source="Canatar et al. (2021), Simon et al. (2023); compared with the formula for features of equal size",
    statement="With more features than rows and features of unequal size, the test loss follows the deterministic "
    "equivalent within its declared error, and the relative error decreases about as 1/N. The formula with F(N, p), "
    "which assumes features of equal size, does not describe it.",
    assumptions=("Gaussian features and weights", "no ridge"),
    check=_check_covariance,
    draw=_draw_covariance,
    caption="(a) Markers: each formula divided by the simulated loss; grey lines join the two of one setting; "
    "vertical line: equality. (b) Markers with error bars on lines: relative errors with three standard "
    "errors; dotted line: proportional to 1/N.",
)
