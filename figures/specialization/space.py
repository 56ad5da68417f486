"""The dataset space: its spectrum, the closed forms over all of it, and systematicity with scale."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product

import numpy as np
from matplotlib.figure import Figure

from ... import dynamics, theory
from ...datasets import SystematicityDataset
from ...problem import Aligned, Deep, Descent, Flow, Network, Problem, Shallow, Training
from ...validation import FloatArray
from ...verification.claims import Claim, Evidence, Finding, Settings, finding
from ...verification.comparison import Agreement, verify
from ...verification.controls import with_swapped_lambda, without_delta
from ..drawing.style import COLUMN, STROKES, canvas, house_style
from ..published import SPECIALIZATION

ROUNDING = 1e-13
FLOW_BOUND, DESCENT_BOUND = 1e-8, 1e-12
PARTS = (1.0, 3.0, 12.0, 48.0)
SIMULATED_BITS = range(1, 7)


def edge_grid(quick: bool) -> list[SystematicityDataset]:
    """Datasets from all edges of the space: no identity blocks, no sign outputs, all of them, r = 0."""
    bits = (1, 2) if quick else (1, 2, 3)
    return [
        SystematicityDataset(n_x, n_y, k_x, k_y, r, n_bits=b)
        for b in bits
        for n_x, n_y, k_x, k_y, r in product({0, 1, b}, {0, 1, b}, (0, 3), (0, 2), (0.0, 0.7, 2.0))
        if (n_x or k_x) and (n_y or k_y)
    ]


def _spectrum_error(dataset: SystematicityDataset, spectrum: theory.Spectrum) -> float:
    """Largest difference of all lambda and delta from the singular values of the dense correlations."""
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
    return Evidence((Finding(label, max(errors), ROUNDING, passed, controls, wrong["rejected"]),))


def _draw_spectrum(_: Evidence) -> Figure:
    bits = np.arange(1, 13)
    with house_style():
        figure, (axes,) = canvas(1, 1, width=COLUMN, height=2.5)
        spectra = [theory.spectrum(SystematicityDataset(b, 1, 3, 1, n_bits=b)) for b in bits.tolist()]
        for stroke, name in zip(STROKES, ("sign_to_sign", "sign_to_identity", "identity_to_identity"), strict=False):
            values = [
                (b, s[name].lam) for b, s in zip(bits, spectra, strict=True) if name in {c.name for c in s.classes}
            ]
            x, y = np.array(values).T
            axes.semilogy(x, y, color=stroke.color, linestyle=stroke.linestyle, marker=stroke.marker, markersize=3)
            axes.annotate(
                name.replace("_", " "),
                (x[-1], y[-1]),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=7,
                color=stroke.color,
            )
        axes.set(xlabel=r"sign inputs $n_x$ ($N = 2^{n_x}$ items)", ylabel=r"singular value $\lambda$")
        axes.set_xticks(bits[1::2])
        axes.set_title(r"spectrum, $n_y = 1$, $k_x = 3$, $k_y = 1$, $r = 1$")
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
    findings = [finding(agreement) for agreement in agreements]
    return Finding(
        label=f"{kind}, {len(findings)} datasets",
        error=max(item.error for item in findings),
        tolerance=findings[0].tolerance,
        passed=all(item.passed for item in findings),
        controls=sum(item.controls for item in findings),
        rejected=sum(item.rejected for item in findings),
    )


def _draw_aligned(evidence: Evidence) -> Figure:
    with house_style():
        figure, (axes,) = canvas(1, 1, width=COLUMN, height=2.5)
        for row, (stroke, (kind, agreements)) in enumerate(zip(STROKES, evidence.data.items(), strict=True)):
            errors = np.maximum([agreement.max_error for agreement in agreements], 1e-17)
            offsets = row + np.linspace(-0.28, 0.28, len(errors))
            axes.semilogx(np.sort(errors), offsets, stroke.marker, color=stroke.color, markersize=2, label=kind)
            axes.plot([agreements[0].tolerance] * 2, [row - 0.4, row + 0.4], color="0.2", linewidth=0.9)
        axes.set_yticks(range(len(evidence.data)), list(evidence.data))
        axes.set(xlabel="largest relative error (bar: bound)", ylim=(-0.6, len(evidence.data) - 0.4))
        axes.set_title("aligned start, all edges of the space")
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
    label = f"{len(points)} datasets, all times"
    return Evidence((Finding(label, error, ROUNDING, passed, len(swapped), sum(swapped)),), {"points": points})


def _draw_ratio(evidence: Evidence) -> Figure:
    bits = np.linspace(1, 12, 200)
    with house_style():
        figure, (axes,) = canvas(1, 1, width=COLUMN, height=2.5)
        for stroke, part in zip(STROKES, PARTS, strict=True):
            axes.plot(bits, 1 / (1 + part / 2**bits), color=stroke.color, linestyle=stroke.linestyle)
            measured = [(b, values[-1]) for (b, p), (_, values) in evidence.data["points"].items() if p == part]
            axes.plot(*np.array(measured).T, stroke.marker, color=stroke.color, markersize=4, markerfacecolor="white")
            axes.annotate(
                f"{part:g}",
                (2, 1 / (1 + part / 4)),
                xytext=(4, -10),
                textcoords="offset points",
                color=stroke.color,
                fontsize=7,
            )
        axes.set(xlabel=r"sign inputs $n_x$ ($N = 2^{n_x}$ items)", ylabel="systematicity ratio", ylim=(0, 1.03))
        axes.set_title(r"$N/(N + k_x r^2)$ (lines), simulated (points), by $k_x r^2$")
    return figure


SPECTRUM = Claim(
    name="spectrum",
    source=f"{SPECIALIZATION}, singular value decomposition of the dataset correlations",
    statement="The correlations of every dataset of the space have at most four distinct singular values, of known "
    "multiplicity.",
    check=_check_spectrum,
    draw=_draw_spectrum,
)
ALIGNED = Claim(
    name="aligned-start",
    source=f"{SPECIALIZATION}, learning dynamics; Saxe, McClelland & Ganguli (2014)",
    statement="From an aligned start the closed forms are exact on all of the dataset space, for flow and for descent.",
    assumptions=("hidden units >= modes",),
    check=_check_aligned,
    draw=_draw_aligned,
)
SYSTEMATICITY = Claim(
    name="systematicity-ratio",
    source=f"{SPECIALIZATION}, Frobenius norms; the ratio tends to 1 with scale",
    statement="The sign inputs' share of the map to the sign outputs is N/(N + k_x r^2) at all times.",
    assumptions=("zero or aligned start", "every output sign feature is an input sign feature"),
    check=_check_ratio,
    draw=_draw_ratio,
)
