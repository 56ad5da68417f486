"""The dataset space: its spectrum, closed forms at all of its edges, and the systematicity ratio by size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import product

import numpy as np
from matplotlib.figure import Figure

from ... import dynamics, theory
from ...datasets import SystematicityDataset
from ...problem import Aligned, Deep, Descent, Flow, Network, Problem, Shallow, Training
from ...validation import FloatArray
from ...verification.agreement import Agreement
from ...verification.claims import Claim, Evidence, Finding, Settings, finding
from ...verification.comparison import verify
from ...verification.controls import with_swapped_lambda, without_delta
from ...verification.verdicts import UNDECIDED
from ..drawing.style import COLUMN, STROKES, canvas, class_label, house_style, name_stroke
from ..published import SPECIALIZATION

ROUNDING = 1e-13
FLOW_BOUND, DESCENT_BOUND = 1e-8, 1e-12
PARTS = (1.0, 3.0, 12.0, 48.0)
SIMULATED_BITS = range(1, 7)
CLASSES = 4
DRAWN_BITS = range(1, 8)


def edge_grid(quick: bool) -> list[SystematicityDataset]:
    """Return datasets from all edges of the space: no identity blocks, no sign outputs, all sign outputs, r = 0."""
    bits = (1, 2) if quick else (1, 2, 3)
    return [
        SystematicityDataset(n_x, n_y, k_x, k_y, r, n_bits=b)
        for b in bits
        for n_x, n_y, k_x, k_y, r in product({0, 1, b}, {0, 1, b}, (0, 3), (0, 2), (0.0, 0.7, 2.0))
        if (n_x or k_x) and (n_y or k_y)
    ]


def _spectrum_error(dataset: SystematicityDataset, spectrum: theory.Spectrum) -> float:
    """Return the largest difference of all lambda and delta from the singular values of the dense correlations."""
    lam = np.asarray(np.linalg.svd(dataset.sigma_yx, compute_uv=False), dtype=np.float64)
    delta = np.asarray(np.linalg.eigvalsh(dataset.sigma_x), dtype=np.float64)
    learnable = [(c.lam, c.count) for c in spectrum.learnable]
    present = [(c.delta, c.count) for c in spectrum.classes]
    return max(_mismatch(lam, learnable), _mismatch(delta, present))


def _mismatch(measured: FloatArray, classes: list[tuple[float, int]]) -> float:
    expected = np.concatenate([np.zeros(0), *(np.full(count, value) for value, count in classes)])
    size = max(len(measured), len(expected))
    padded = [np.sort(np.pad(values, (0, size - len(values)))) for values in (measured, expected)]
    return float(np.max(np.abs(padded[0] - padded[1])))


def _check_spectrum(settings: Settings) -> Evidence:
    grid = edge_grid(settings.quick)
    wrong = {"delta": 0, "lambda": 0, "rejected": 0}
    errors = []
    for done, dataset in enumerate(grid):
        spectrum = theory.spectrum(dataset)
        errors.append(_spectrum_error(dataset, spectrum))
        if any(c.delta != 1 for c in spectrum.classes):
            wrong["delta"] += 1
            wrong["rejected"] += int(_spectrum_error(dataset, without_delta(spectrum)) > ROUNDING)
        if len(spectrum.learnable) > 1 and spectrum.learnable[0].count != spectrum.learnable[1].count:
            wrong["lambda"] += 1
            wrong["rejected"] += int(_spectrum_error(dataset, with_swapped_lambda(spectrum)) > ROUNDING)
        settings.progress((done + 1) / len(grid))
    controls = wrong["delta"] + wrong["lambda"]
    passed = max(errors) <= ROUNDING and wrong["rejected"] == controls
    label = f"{len(grid)} datasets, all singular values"
    all_values = Finding(label, max(errors), ROUNDING, passed, controls, wrong["rejected"], unit="absolute")
    drawn = {b: drawn_dataset(b) for b in (DRAWN_BITS[:3] if settings.quick else DRAWN_BITS)}
    measured = {b: distinct_values(one.sigma_yx) for b, one in drawn.items()}
    return Evidence((all_values, _drawn(drawn.values()), _counts(grid)), {"measured": measured})


def drawn_dataset(bits: int) -> SystematicityDataset:
    """Return a dataset of the picture of the spectrum."""
    return SystematicityDataset(bits, 1, 3, 1, n_bits=bits)


def distinct_values(matrix: FloatArray) -> FloatArray:
    """Return the distinct nonzero singular values of a matrix in increasing order; closer ones than 1e-9 are equal."""
    values = np.sort(np.linalg.svd(matrix, compute_uv=False))
    values = values[values > 1e-9]
    return np.asarray(values[np.diff(values, prepend=-1.0) > 1e-9])


def _drawn(datasets: Iterable[SystematicityDataset]) -> Finding:
    """Compare the datasets of the picture; the control leaves out delta."""
    pairs = [(dataset, theory.spectrum(dataset)) for dataset in datasets]
    error = max(_spectrum_error(*pair) for pair in pairs)
    wrong = [_spectrum_error(dataset, without_delta(spectrum)) > ROUNDING for dataset, spectrum in pairs]
    passed = error <= ROUNDING and all(wrong)
    return Finding(
        f"{len(pairs)} drawn datasets, all singular values",
        error,
        ROUNDING,
        passed,
        len(wrong),
        sum(wrong),
        unit="absolute",
    )


def _counts(grid: Sequence[SystematicityDataset]) -> Finding:
    """Count datasets with more than four distinct singular values; random correlations must have more."""
    counted = sum(len(distinct_values(dataset.sigma_yx)) > CLASSES for dataset in grid)
    rejected = len(distinct_values(np.random.default_rng(0).standard_normal((8, 8)))) > CLASSES
    label = f"number of {len(grid)} datasets with more than {CLASSES} distinct nonzero singular values"
    return Finding(label, counted, 0.5, counted == 0 and rejected, 1, int(rejected), unit="number")


def _draw_spectrum(evidence: Evidence) -> Figure:
    bits = np.arange(1, 13)
    with house_style():
        figure, (axes,) = canvas(1, 1, width=COLUMN, height=2.5)
        spectra = [theory.spectrum(drawn_dataset(b)) for b in bits.tolist()]
        for stroke, name in zip(STROKES, ("sign_to_sign", "sign_to_identity", "identity_to_identity"), strict=False):
            values = [
                (b, s[name].lam) for b, s in zip(bits, spectra, strict=True) if name in {c.name for c in s.classes}
            ]
            x, y = np.array(values).T
            axes.semilogy(x, y, color=stroke.color, linestyle=stroke.linestyle)
            axes.annotate(
                class_label(name),
                (x[-1], y[-1]),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=7,
                color=stroke.color,
            )
        measured = [(b, value) for b, values in evidence.data["measured"].items() for value in values]
        axes.plot(*np.array(measured).T, "o", color="0.15", markersize=3.5, markerfacecolor="white", label="numerical")
        axes.plot([], [], color="0.3", label="closed form")
        axes.legend(loc="lower left")
        axes.set(xlabel=r"sign inputs $n_x$ ($N = 2^{n_x}$ items)", ylabel=r"singular value $\lambda$")
        axes.set_xticks(bits[1::2])
        axes.set_title(r"$n_y = 1$, $k_x = 3$, $k_y = 1$, $r = 1$")
    return figure


def _aligned_problems(quick: bool) -> Iterator[tuple[str, float, Problem]]:
    networks: tuple[Network, ...] = (Shallow(), Deep(hidden=10))
    training: dict[str, tuple[float, Training]] = {
        "flow": (FLOW_BOUND, Flow(np.linspace(0.0, 20.0, 11), rtol=1e-11, atol=1e-14)),
        "descent": (DESCENT_BOUND, Descent(step_size=0.05, steps=200, record_every=20)),
    }
    for dataset, network, (kind, (bound, how)) in product(edge_grid(quick), networks, training.items()):
        if theory.spectrum(dataset).learnable:
            name = f"{'shallow' if network.layers == 1 else 'two-layer'} {kind}"
            yield name, bound, Problem(dataset, network, Aligned(0.01), how)


def _check_aligned(settings: Settings) -> Evidence:
    train = partial(dynamics.solve, coordinates="data", integrator="DOP853")
    problems = list(_aligned_problems(settings.quick))
    by_kind: dict[str, list[Agreement]] = {}
    for done, (kind, bound, problem) in enumerate(problems):
        by_kind.setdefault(kind, []).append(verify(problem, simulate=train, tolerance=bound))
        settings.progress((done + 1) / len(problems))
    return Evidence(tuple(_worst(kind, agreements) for kind, agreements in by_kind.items()), by_kind)


def _worst(kind: str, agreements: list[Agreement]) -> Finding:
    findings = tuple(finding(agreement) for agreement in agreements)
    together = Evidence(findings)
    return Finding(
        label=f"{kind}, {len(findings)} datasets",
        error=max(item.error for item in findings),
        tolerance=findings[0].tolerance,
        passed=together.passed,
        controls=sum(item.controls for item in findings),
        rejected=sum(item.rejected for item in findings),
        reason=together.reason,
        undecided=together.verdict == UNDECIDED,
        unit=findings[0].unit,
        beyond=tuple(text for item in findings for text in item.beyond),
    )


def _draw_aligned(evidence: Evidence) -> Figure:
    with house_style():
        figure, (axes,) = canvas(1, 1, width=COLUMN, height=2.5)
        for row, (stroke, (kind, agreements)) in enumerate(zip(STROKES, evidence.data.items(), strict=True)):
            errors = np.array([agreement.max_error for agreement in agreements if agreement.max_error > 0])
            offsets = row + np.linspace(-0.28, 0.28, len(errors))
            axes.semilogx(np.sort(errors), offsets, stroke.marker, color=stroke.color, markersize=2, label=kind)
            axes.plot([agreements[0].tolerance] * 2, [row - 0.4, row + 0.4], color="0.2", linewidth=0.9)
        axes.set_yticks(range(len(evidence.data)), list(evidence.data))
        axes.set(xlabel="largest relative error (vertical line: bound)", ylim=(-0.6, len(evidence.data) - 0.4))
        axes.set_title("each marker: one dataset")
    return figure


def _ratio_dataset(bits: int, part: float) -> SystematicityDataset:
    return SystematicityDataset(n_x=bits, n_y=1, k_x=1, k_y=1, r=float(np.sqrt(part)))


def _ratio_problem(dataset: SystematicityDataset) -> Problem:
    step = 0.5 / theory.spectrum(dataset)["sign_to_sign"].delta
    return Problem(dataset, Shallow(), Aligned(0.0), Descent(step_size=step, steps=8, record_every=2))


def _check_ratio(settings: Settings) -> Evidence:
    bits = list(SIMULATED_BITS)[: 3 if settings.quick else None]
    points = {}
    for done, (b, part) in enumerate(product(bits, PARTS)):
        dataset = _ratio_dataset(b, part)
        measured = dynamics.solve(_ratio_problem(dataset)).systematicity_ratio[1:]
        points[b, part] = (theory.systematicity_ratio(dataset), measured)
        settings.progress((done + 1) / (len(bits) * len(PARTS)))
    error = max(float(np.max(np.abs(measured - ratio))) for ratio, measured in points.values())
    swapped = [bool(abs(measured[-1] - (1 - ratio)) > ROUNDING) for ratio, measured in points.values() if ratio != 0.5]
    passed = error <= ROUNDING and all(swapped)
    label = f"{len(points)} datasets, ratio at all times"
    return Evidence(
        (Finding(label, error, ROUNDING, passed, len(swapped), sum(swapped), unit="absolute"),), {"points": points}
    )


def _draw_ratio(evidence: Evidence) -> Figure:
    bits = np.linspace(1, 12, 200)
    with house_style():
        figure, (axes,) = canvas(1, 1, width=COLUMN, height=2.5)
        for stroke, part in zip(STROKES, PARTS, strict=True):
            axes.plot(bits, 1 / (1 + part / 2**bits), color=stroke.color, linestyle=stroke.linestyle)
            measured = [(b, values[-1]) for (b, p), (_, values) in evidence.data["points"].items() if p == part]
            axes.plot(*np.array(measured).T, stroke.marker, color=stroke.color, markersize=4, markerfacecolor="white")
            name_stroke(axes, stroke, f"$k_x r^2 = {part:g}$")
        axes.legend(loc="lower right", handlelength=2.4)
        axes.set(xlabel=r"sign inputs $n_x$ ($N = 2^{n_x}$ items)", ylabel="systematicity ratio", ylim=(0, 1.03))
        axes.set_title("lines: $N/(N + k_x r^2)$; markers: simulated")
    return figure


SPECTRUM = Claim(
    name="spectrum",
    source=f"{SPECIALIZATION}, singular value decomposition of the dataset correlations",
    statement="The input-output correlations of every dataset of the space have at most four distinct nonzero "
    "singular values, with known multiplicities.",
    assumptions=("datasets at all edges of the space, with one to three sign bits",),
    check=_check_spectrum,
    draw=_draw_spectrum,
    caption="Lines: closed form. Open circles: numerical singular values.",
)
ALIGNED = Claim(
    name="aligned-start",
    source=f"{SPECIALIZATION}, learning dynamics; Saxe, McClelland & Ganguli (2014)",
    statement="From aligned initial weights the closed forms of shallow and two-layer networks are exact for "
    "gradient flow and for gradient descent, at all edges of the dataset space.",
    assumptions=("at least as many hidden units as modes", "one to three sign bits"),
    check=_check_aligned,
    draw=_draw_aligned,
    caption="Each marker: the largest error on one dataset, sorted. Vertical lines: the bounds.",
)
SYSTEMATICITY = Claim(
    name="systematicity-ratio",
    source=f"{SPECIALIZATION}, Frobenius norms; the ratio tends to 1 with scale",
    statement="In a shallow network trained from zero weights the systematicity ratio, the share of the sign inputs "
    "in the squared norm of the map to the sign outputs, is N/(N + k_x r^2) at all times.",
    assumptions=("zero initial weights", "every output sign feature is an input sign feature"),
    check=_check_ratio,
    draw=_draw_ratio,
    caption="Lines: N/(N + k_x r^2). Markers: simulated.",
)
