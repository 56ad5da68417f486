"""Held-out items: the motivating example, the size of the training set, and the probability of full rank."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ... import dynamics, theory
from ...datasets import HeldOut, SystematicityDataset
from ...problem import Aligned, Deep, Descent, Shallow, SmallRandom
from ...validation import FloatArray
from ...verification.claims import Claim, Evidence, Finding, Settings
from ..drawing.style import STROKES, TIME, Stroke, canvas, house_style, label_ends, legend_below, name_stroke, title
from ..published import SPECIALIZATION

LINES = (*STROKES, Stroke("0.25", "-", "v"))
SPACE = ((0, 0, 1, 1, 2.0), (3, 0, 1, 1, 2.0), (3, 2, 0, 0, 1.0), (3, 2, 1, 0, 2.0), (3, 2, 1, 1, 2.0))
TRAINED, STD = 3, 1e-3
DEEP_BOUND, DISTINCT = 25 * STD, 0.1
RHOS = (0.0, 0.25, 1.0, 4.0)
SIZES = (1, 3, 6, 7)
OUTPUTS = (1, 2, 3)
ROUNDING = 1e-9
SAMPLES, CONFIDENCE = 2000, 0.9999
BLOCKS = {"omega_y": "compositional", "gamma_y": "non-compositional"}


def motivating_datasets() -> dict[str, SystematicityDataset]:
    """Return the five datasets of the motivating example on three bits, labelled by their parameters."""
    names = ("n_x", "n_y", "k_x", "k_y")
    return {
        ", ".join(f"${n}={v}$" for n, v in zip(names, values[:4], strict=True)): SystematicityDataset(*values, n_bits=3)
        for values in SPACE
    }


def _check_motivating(settings: Settings) -> Evidence:
    seeds = settings.seeds(full=50, quick=5)
    training = Descent(step_size=0.02 * TRAINED, steps=500, record_every=20)
    findings, runs = [], {}
    for done, (label, dataset) in enumerate(motivating_datasets().items()):
        splits = [HeldOut.random(dataset, TRAINED, seed=seed) for seed in seeds]
        pairs = zip(splits, seeds, strict=True)
        errors = [dynamics.held_out_errors(split, Deep(50), SmallRandom(STD, seed), training) for split, seed in pairs]
        limits = [theory.held_out_errors_at_convergence(split) for split in splits]
        runs[label] = (errors, limits, theory.mean_held_out_errors(dataset, TRAINED))
        findings += _final(label, errors, limits)
        settings.progress((done + 1) / len(SPACE))
    return Evidence(tuple(findings), {"times": training.times, "runs": runs})


def _final(label: str, errors: list[dict[str, FloatArray]], limits: list[dict[str, float]]) -> list[Finding]:
    """Compare final errors with those of the map of least norm.

    The controls predict the errors of other training sets, errors of zero, and the initial errors.
    """
    findings = []
    for block, name in BLOCKS.items():
        final, limit = np.array([error[block][-1] for error in errors]), np.array([one[block] for one in limits])
        if not final.any():
            continue
        miss = float(np.max(np.abs(final - limit)))
        initial = np.array([error[block][0] for error in errors])
        controls = [
            wrong for wrong in (np.roll(limit, 1), 0 * limit, initial) if np.max(np.abs(wrong - limit)) > DISTINCT
        ]
        rejected = sum(bool(np.max(np.abs(final - wrong)) > DEEP_BOUND) for wrong in controls)
        passed = miss <= DEEP_BOUND and rejected == len(controls) > 0
        findings.append(
            Finding(f"{label}: final {name} errors", miss, DEEP_BOUND, passed, len(controls), rejected, unit="absolute")
        )
    return findings


def _draw_motivating(evidence: Evidence) -> Figure:
    with house_style():
        figure, axes = canvas(1, 2, height=2.9)
        for index, (block, name) in enumerate(BLOCKS.items()):
            labels = {}
            for stroke, (label, (errors, limits, _)) in zip(LINES, evidence.data["runs"].items(), strict=True):
                runs = np.array([error[block] for error in errors])
                if runs.any():
                    expected = float(np.mean([limit[block] for limit in limits]))
                    _draw_band(axes[index], evidence.data["times"], runs, stroke, label)
                    labels[f"predicted {expected:.2f}"] = (expected, stroke.color)
            axes[index].set(xlabel=TIME, xlim=(0, evidence.data["times"][-1]))
            axes[index].set_ylim(0, 1.05 * axes[index].get_ylim()[1])
            label_ends(axes[index], labels, float(evidence.data["times"][-1]))
            title(axes[index], index, f"{name} outputs")
        axes[0].set_ylabel("squared error on held-out items")
        sets = len(next(iter(evidence.data["runs"].values()))[0])
        note = f"mean and quartiles of {sets} simulated training sets of {TRAINED} items; at the right: predicted mean"
        legend_below(figure, *axes, ncols=3, note=note, handlelength=3)
    return figure


def _draw_band(axes: Axes, times: FloatArray, runs: FloatArray, stroke: Stroke, label: str) -> None:
    low, high = np.quantile(runs, (0.25, 0.75), axis=0)
    axes.fill_between(times, low, high, color=stroke.color, alpha=0.15, linewidth=0)
    (line,) = axes.plot(times, runs.mean(axis=0), color=stroke.color, linestyle=stroke.linestyle, label=label)
    line.set(marker=stroke.marker, markevery=4, markersize=3.2, markerfacecolor="white")


def _dataset(rho: float) -> SystematicityDataset:
    return SystematicityDataset(n_x=3, n_y=1, k_x=1, k_y=0, r=math.sqrt(rho))


def _simulated(dataset: SystematicityDataset, size: int) -> FloatArray:
    """Return the held-out errors of shallow networks trained to convergence on every training set of one size."""
    steps = 1200 if dataset.r else 100
    training = Descent(step_size=1.8 / (3 + dataset.r**2), steps=steps, record_every=steps)
    splits = [HeldOut(dataset, train=items) for items in combinations(range(dataset.n_items), size)]
    errors = [dynamics.held_out_errors(split, Shallow(), Aligned(0.0), training)["omega_y"][-1] for split in splits]
    return np.array(errors)


def _check_size(settings: Settings) -> Evidence:
    rhos, sizes = (RHOS[1:3], SIZES[1:3]) if settings.quick else (RHOS, SIZES)
    points, wrong = {}, []
    for done, rho in enumerate(rhos):
        for size in sizes:
            points[rho, size] = float(np.mean(_simulated(_dataset(rho), size)))
            if rho:
                wrong.append(
                    abs(points[rho, size] - theory.compositional_error_of_mean_set(3, 1, 2 * rho, size)) > ROUNDING
                )
        settings.progress(0.9 * (done + 1) / len(rhos))
    misses = [
        abs(value - theory.mean_held_out_errors(_dataset(rho), size)["omega_y"])
        for (rho, size), value in points.items()
    ]
    passed = max(misses) <= ROUNDING and all(wrong)
    label = f"{len(points)} mean errors over all training sets of one size"
    found = Finding(label, max(misses), ROUNDING, passed, len(wrong), sum(wrong), unit="absolute")
    shares = {(n_y, size): _share_without_error(n_y, size) for n_y in OUTPUTS for size in sizes}
    return Evidence((found, _zero_errors(shares)), {"points": points, "shares": shares})


def _share_without_error(n_y: int, size: int) -> float:
    """Return the share of all training sets of one size whose trained network has no held-out error at rho = 0."""
    return float(np.mean(_simulated(SystematicityDataset(3, n_y, 0, 0, 0.0, n_bits=3), size) <= ROUNDING))


def _zero_errors(shares: dict[tuple[int, int], float]) -> Finding:
    """Compare shares of training sets with exact probabilities; the control takes the same one for every n_y."""
    exact = {(n_y, size): float(theory.zero_error_probability(3, n_y, size)) for n_y, size in shares}
    error = max(abs(share - exact[key]) for key, share in shares.items())
    wrong = max(abs(share - exact[OUTPUTS[-1], size]) for (_, size), share in shares.items())
    passed = error <= ROUNDING < wrong
    label = f"{len(shares)} shares of training sets without held-out error"
    return Finding(label, error, ROUNDING, passed, 1, int(wrong > ROUNDING), unit="absolute")


def _draw_size(evidence: Evidence) -> Figure:
    sizes = np.arange(1, 8)
    with house_style():
        figure, axes = canvas(1, 2, height=2.6)
        labels = {}
        for stroke, rho in zip(STROKES, RHOS, strict=True):
            exact = [theory.mean_held_out_errors(_dataset(rho), size)["omega_y"] for size in sizes.tolist()]
            axes[0].plot(sizes, exact, color=stroke.color, linestyle=stroke.linestyle)
            measured = [(size, value) for (r, size), value in evidence.data["points"].items() if r == rho]
            if measured:
                axes[0].plot(
                    *np.array(measured).T, stroke.marker, color=stroke.color, markersize=4, markerfacecolor="white"
                )
            labels[rf"$\rho={rho:g}$"] = (exact[-1], stroke.color)
        axes[0].set(xlabel="training items, of 8", ylabel="mean compositional error", ylim=(-0.03, 1.03))
        label_ends(axes[0], labels, 7.35)
        title(axes[0], 0, r"held-out error, $\rho = k_x r^2$")
        for stroke, n_y in zip(STROKES, OUTPUTS, strict=False):
            chance = [float(theory.zero_error_probability(3, n_y, size)) for size in sizes.tolist()]
            axes[1].plot(sizes, chance, color=stroke.color, linestyle=stroke.linestyle)
            points = [(size, share) for (outputs, size), share in evidence.data["shares"].items() if outputs == n_y]
            axes[1].plot(*np.array(points).T, stroke.marker, color=stroke.color, markersize=11 - 2.5 * n_y, mfc="none")
            name_stroke(axes[1], stroke, f"$n_y={n_y}$")
        axes[1].set(xlabel="training items, of 8", ylabel="share of training sets", ylim=(-0.03, 1.03))
        axes[1].legend(loc="lower right", handlelength=2.4)
        title(axes[1], 1, r"no held-out error, $\rho = 0$")
        figure.supxlabel("lines: exact; markers: simulated", fontsize=7)
    return figure


def _check_full_rank(settings: Settings) -> Evidence:
    sizes = {3: (2, 3, 4, 5), 4: (3, 4, 5, 6, 7, 9)}
    points, inside, wrong = {}, [], []
    for n, chosen in sizes.items():
        for size in chosen:
            exact = float(theory.full_rank_probability(n, size))
            points[n, size] = found = theory.estimate_full_rank(n, size, SAMPLES, settings.seed, CONFIDENCE)
            inside.append(_outside(exact, found))
            if size == n:
                replaced = exact * math.perm(2**n, n) / 2 ** (n * n)
                wrong.append(_outside(replaced, found) > 1)
    passed = max(inside) <= 1 and all(wrong)
    label = f"{len(points)} probabilities, in units of the half-width of the 99.99 % interval"
    return Evidence(
        (Finding(label, max(inside), 1.0, passed, len(wrong), sum(wrong), unit="of interval"),), {"points": points}
    )


def _outside(exact: float, found: theory.FractionEstimate) -> float:
    """Return the distance of the exact value from the estimate in units of the interval on that side."""
    reach = found.high - found.probability if exact > found.probability else found.probability - found.low
    return abs(exact - found.probability) / reach if exact != found.probability else 0.0


def _draw_full_rank(evidence: Evidence) -> Figure:
    with house_style():
        figure, (axes,) = canvas(1, 1, width=3.4, height=2.5)
        for stroke, n in zip(STROKES, (3, 4), strict=False):
            sizes = np.arange(1, 2 ** (n - 1) + 2)
            exact = [float(theory.full_rank_probability(n, size)) for size in sizes.tolist()]
            axes.plot(sizes, exact, color=stroke.color, linestyle=stroke.linestyle, label=f"exact, $n_x={n}$")
            found = [(size, estimate) for (m, size), estimate in evidence.data["points"].items() if m == n]
            _draw_estimates(axes, found, stroke, n)
        axes.set(xlabel=r"training items, of $2^{n_x}$", ylabel="probability of full rank", ylim=(-0.03, 1.03))
        axes.set(xlim=(0.8, 9.2))
        axes.legend(loc="lower right")
        axes.set_title("rank of the sign inputs of random items")
    return figure


def _draw_estimates(axes: Axes, found: list[tuple[int, theory.FractionEstimate]], stroke: Stroke, n: int) -> None:
    sizes, estimates = zip(*found, strict=True)
    values = np.array([estimate.probability for estimate in estimates])
    reach = [
        [estimate.probability - estimate.low for estimate in estimates],
        [estimate.high - estimate.probability for estimate in estimates],
    ]
    axes.errorbar(
        sizes,
        values,
        reach,
        fmt=stroke.marker,
        color=stroke.color,
        markersize=4,
        markerfacecolor="white",
        capsize=2,
        label=f"sampled, $n_x={n}$",
    )


MOTIVATING = Claim(
    name="motivating-example",
    source=f"{SPECIALIZATION}, motivating example",
    statement="Two-layer networks trained on 3 of 8 items converge to the held-out errors of the map of least norm. "
    "The error on non-compositional outputs does not decrease; the error on compositional outputs decreases, and is "
    "smallest without identity inputs.",
    assumptions=("small random initial weights", "the bound on the error is 25 initial standard deviations"),
    check=_check_motivating,
    draw=_draw_motivating,
    caption="Lines with markers: mean over simulated training sets; shaded bands: their quartiles; labels at the "
    "right: predicted means.",
)
HELD_OUT_SIZE = Claim(
    name="held-out-size",
    source=f"{SPECIALIZATION}, held-out items; averages over training sets derived here",
    statement="The mean compositional error on held-out items decreases with the size of the training set and "
    "increases with the identity inputs, rho = k_x r^2. It vanishes only at rho = 0, for training sets whose items "
    "determine the sign outputs; their exact share is known.",
    assumptions=("shallow networks", "training from zero weights to convergence"),
    check=_check_size,
    draw=_draw_size,
    caption="Lines: exact means and probabilities. Markers: simulated, over all training sets of one size.",
)
FULL_RANK = Claim(
    name="full-rank",
    source=f"{SPECIALIZATION}, probability of full rank; exact counts derived here",
    statement="The sign inputs of a random training set have full rank with a known rational probability: 4/7 for 3 "
    "of 8 items, 232/455 for 4 of 16, and 1 for more than half of all items.",
    assumptions=("items are drawn without replacement",),
    check=_check_full_rank,
    draw=_draw_full_rank,
    caption="Lines: exact probabilities. Markers with error bars: random draws and their 99.99 % intervals.",
)
