"""How a learning rule changes the growth rates of modes and the order in which they are learned."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ... import dynamics, theory
from ...datasets import Dataset, SystematicityDataset
from ...problem import Aligned, Deep, Descent, Problem, Rule, SmallRandom, Trajectory
from ...verification.claims import Claim, Evidence, Finding, Settings
from ..drawing.style import RELATIVE, STROKES, TIME, canvas, class_label, house_style, legend_below, title
from ..published import SPECIALIZATION

DATASET = SystematicityDataset(2, 2, 2, 2, 1.0, r_y=0.8, n_bits=3, input_signs=(0, 1), output_signs=(0, 2))
GAMMAS = (-1.0, -0.5, 0.0, 1.0, 2.0)
RULES = {
    "gradient": Rule.gradient(),
    "Hebbian": Rule(hebbian=0.3),
    "contrastive Hebbian": Rule.contrastive_hebbian(),
    "predictive coding": Rule.predictive_coding(),
}
STEP, TINY, WINDOW = 0.05, 1e-60, (1e-36, 1e-16)
RATE_BOUND = 1e-6


def measured_rates(rule: Rule) -> dict[str, float]:
    r"""Measure growth rates in training: the strength grows by :math:`(1 + \alpha\mu)^2` in each step.

    They are measured between strengths of 1e-36 and 1e-16, where the decaying direction is gone and the fixed point has
    no effect yet. If all modes are trained together, rounding errors excite the modes that grow faster; therefore each
    class is trained alone, on one item with its correlations.

    Returns
    -------
    dict of str to float
        By class of modes.
    """
    rates = {}
    for c in theory.spectrum(DATASET).learnable:
        rate = float(theory.growth_rate(c.lam, c.delta, c.sigma, rule))
        steps = round(1.3 * np.log(1 / TINY) / (2 * np.log1p(STEP * rate)))
        alone = Dataset([[np.sqrt(c.delta)]], [[np.sqrt(c.sigma)]])
        training = Descent(STEP, 10 * (steps // 10), 10, rule=rule)
        strength = dynamics.solve(Problem(alone, Deep(hidden=1), Aligned(TINY), training)).modes["mode_1"]
        inside = np.flatnonzero((strength > WINDOW[0]) & (strength < WINDOW[1]))[[0, -1]]
        growth = np.log(strength[inside[1]] / strength[inside[0]]) / (2 * 10 * (inside[1] - inside[0]))
        rates[c.name] = float(np.expm1(growth) / STEP)
    return rates


def half_times(run: Trajectory) -> dict[str, float]:
    """Return the time at which each class of modes has reached half its final value."""
    return {name: float(np.interp(values[-1] / 2, values, run.times)) for name, values in run.modes.items()}


def _check_order(settings: Settings) -> Evidence:
    classes = theory.spectrum(DATASET).learnable
    error, wrong, points = 0.0, [], {}
    for done, gamma in enumerate(GAMMAS):
        rule = Rule(contrastive=gamma)
        points[gamma] = measured_rates(rule)
        for c in classes:
            rate = float(theory.growth_rate(c.lam, c.delta, c.sigma, rule))
            error = max(error, abs(points[gamma][c.name] / rate - 1))
            if gamma:
                wrong.append(abs(points[gamma][c.name] / c.lam - 1) > RATE_BOUND)
        settings.progress((done + 1) / (len(GAMMAS) + 1))
    rates = Finding(
        f"relative error of growth rates, {len(GAMMAS)} rules",
        error,
        RATE_BOUND,
        error <= RATE_BOUND and all(wrong),
        len(wrong),
        sum(wrong),
        unit="relative",
    )
    runs = {
        label: dynamics.solve(Problem(DATASET, Deep(hidden=50), SmallRandom(1e-4, settings.seed), _training(rule)))
        for label, rule in RULES.items()
    }
    return Evidence((rates, _order(runs)), {"points": points, "runs": runs})


def _training(rule: Rule) -> Descent:
    return Descent(STEP, 1600, 5, rule=rule)


def _order(runs: dict[str, Trajectory]) -> Finding:
    """Count rules whose order of half-times is not that of mu; the order of lambda must be wrong for some rule."""
    spectrum = theory.spectrum(DATASET)
    seen = {label: tuple(sorted(times, key=times.__getitem__)) for label, times in _all_half_times(runs).items()}
    misplaced = sum(seen[label] != theory.learning_order(spectrum, rule) for label, rule in RULES.items())
    of_lambda = theory.learning_order(spectrum, Rule.gradient())
    rejected = any(order != of_lambda for order in seen.values())
    return Finding(
        "number of rules whose order is not that of mu",
        misplaced,
        0.5,
        misplaced == 0 and rejected,
        1,
        int(rejected),
        unit="number",
    )


def _all_half_times(runs: dict[str, Trajectory]) -> dict[str, dict[str, float]]:
    return {label: half_times(run) for label, run in runs.items()}


def _draw_order(evidence: Evidence) -> Figure:
    with house_style():
        figure, axes = canvas(1, 3, height=2.7)
        _draw_rates(axes[0], evidence.data["points"])
        for index, label in enumerate(("contrastive Hebbian", "predictive coding"), start=1):
            _draw_run(axes[index], evidence.data["runs"][label])
            title(axes[index], index, f"{label}, simulated")
        title(axes[0], 0, "growth rates")
        axes[1].set_ylabel(RELATIVE)
        note = (
            "(a) lines: predicted, markers: measured in training; "
            "(b, c) simulated from small random weights, marker at the half-time"
        )
        legend_below(figure, axes[0], ncols=4, note=note)
    return figure


def _draw_rates(axes: Axes, points: dict[float, dict[str, float]]) -> None:
    gammas = np.linspace(-1.6, 2.2, 77)
    for stroke, c in zip(STROKES, theory.spectrum(DATASET).learnable, strict=True):
        rates = [float(theory.growth_rate(c.lam, c.delta, c.sigma, Rule(contrastive=gamma))) for gamma in gammas]
        axes.plot(gammas, rates, color=stroke.color, linestyle=stroke.linestyle, label=class_label(c.name))
        measured = [rates[c.name] for rates in points.values()]
        axes.plot(list(points), measured, stroke.marker, color=stroke.color, markersize=4, markerfacecolor="white")
    axes.set(xlabel=r"contrastive weight $\gamma$", ylabel=r"growth rate $\mu$ (units of $1/\tau$)", xlim=(-1.6, 2.2))
    axes.set_ylim(0, None)


def _draw_run(axes: Axes, run: Trajectory) -> None:
    final = {c.name: c.pi_star for c in theory.spectrum(DATASET).learnable}
    for stroke, (name, values) in zip(STROKES, run.modes.items(), strict=True):
        axes.plot(run.times, values / final[name], color=stroke.color, linestyle=stroke.linestyle)
        half = half_times(run)[name]
        axes.plot(half, 0.5, stroke.marker, color=stroke.color, markersize=5, markerfacecolor="white")
    axes.set(xlabel=TIME, xlim=(0, run.times[-1]), ylim=(0, 1.03))


RULE_ORDER = Claim(
    name="rule-order",
    source=f"{SPECIALIZATION}, learning rules; growth rate from the linearised equations",
    statement="Modes grow from small weights at the rate mu of the learning rule, and are learned in decreasing "
    "order of mu. This order can differ from the order of the singular values lambda.",
    assumptions=("small initial weights", "growth rates: each class trained alone"),
    check=_check_order,
    draw=_draw_order,
    caption="(a) Lines: predicted growth rates; markers: measured in training. (b, c) Lines: simulated from small "
    "random weights; one marker on each line: its half-time.",
)
