"""Learning rules in the published settings: predictions that include the rule, and predictions that leave it out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ... import dynamics, theory
from ...problem import Descent, Problem, Rule, SmallRandom, Trajectory
from ...validation import FloatArray
from ...verification.claims import Claim, Evidence, Finding, Settings
from ...verification.comparison import compare, verify
from ...verification.controls import RULE_IGNORED, without_rule
from ..drawing.curves import along_curve
from ..drawing.style import STROKES, TIME, canvas, class_label, house_style, legend_below, title
from ..published import CONTRASTIVE_STEP, DATASET, HEBBIAN_STEP, NETWORK, SPECIALIZATION, STD

MODE_BOUND, NORM_BOUND, CLOSE_BOUND, FORM_BOUND = 5e-3, 0.03, 0.03, 3e-3


@dataclass(frozen=True)
class Setting:
    """The setting of one figure: rule, step size 1/tau, number of steps, and bound on the error of modes and loss.

    The bound is wider for the summed contrastive rule. It brings the growth rates of two classes close together (1.15
    and 1.04), so that the error decreases only as the initial weights to the power .2.
    """

    rule: Rule
    step_size: float
    steps: int
    bound: float = MODE_BOUND

    def problem(self, seed: int) -> Problem:
        """Return the published network under this rule."""
        training = Descent(self.step_size, self.steps, record_every=10, rule=self.rule)
        return Problem(DATASET, NETWORK, SmallRandom(STD, seed), training)


def _summed(step_size: float, contrastive: float = 0.0, hebbian: float = 0.0, form: str = "oja") -> Rule:
    return Rule.summed_over_items(DATASET.n_items, step_size, contrastive=contrastive, hebbian=hebbian, form=form)


PUBLISHED_ANTI_HEBBIAN = _summed(HEBBIAN_STEP, hebbian=-0.001, form="inverse_complement")
"""Each hidden unit divided by one minus its squared norm."""


SETTINGS = {
    "Hebbian": Setting(_summed(HEBBIAN_STEP, hebbian=0.001), HEBBIAN_STEP, 1500),
    "contrastive Hebbian": Setting(Rule.contrastive_hebbian(), CONTRASTIVE_STEP, 1500),
    "predictive coding": Setting(Rule.predictive_coding(), HEBBIAN_STEP, 3000),
    "anti-Hebbian": Setting(PUBLISHED_ANTI_HEBBIAN, HEBBIAN_STEP, 1500),
    "contrastive, summed": Setting(_summed(CONTRASTIVE_STEP, contrastive=1.0), CONTRASTIVE_STEP, 1500, CLOSE_BOUND),
    "predictive, summed": Setting(_summed(HEBBIAN_STEP, contrastive=-1.0), HEBBIAN_STEP, 3000),
}


def modes_and_loss(problem: Problem) -> dict[str, FloatArray]:
    """Predict modes and loss; block norms also contain weights outside the modes."""
    quantities = theory.solve(problem).quantities
    return {name: values for name, values in quantities.items() if not name.startswith("norm")}


def _check_rules(settings: Settings) -> Evidence:
    findings, runs = [], {}
    seeds = settings.seeds(full=2, quick=1)
    for done, (label, setting) in enumerate(SETTINGS.items()):
        problems = [setting.problem(seed) for seed in seeds]
        simulated = [dynamics.solve(problem) for problem in problems]
        for seed, problem, simulation in zip(seeds, problems, simulated, strict=True):
            findings.append(_modes(problem, simulation, setting.bound, f"{label}, seed {seed}: modes and loss"))
            findings.append(_norms(problem, simulation, f"{label}, seed {seed}: modes, loss and block norms"))
            if setting.rule == PUBLISHED_ANTI_HEBBIAN:
                findings.append(_form(problem, simulation, f"{label}, seed {seed}: form of the published term"))
        first = problems[0]
        runs[label] = (simulated[0], theory.solve(first), theory.solve(without_rule(first)))
        settings.progress((done + 1) / len(SETTINGS))
    return Evidence(tuple(findings), runs)


def _modes(problem: Problem, simulation: Trajectory, bound: float, label: str) -> Finding:
    """Compare modes and loss; a constant and the prediction without the rule must be rejected."""
    agreement = verify(problem, predict=modes_and_loss, simulate=lambda _: simulation, tolerance=bound)
    wrong = [control for control in agreement.require("constant", RULE_IGNORED).controls if control.distinct]
    rejected = sum(control.rejected for control in wrong)
    passed = agreement.max_error <= bound and rejected == len(wrong)
    return Finding(label, agreement.max_error, bound, passed, len(wrong), rejected, unit="of largest")


def _norms(problem: Problem, simulation: Trajectory, label: str) -> Finding:
    """Compare block norms too. Random weights on inputs without data stay, and grow under anti-Hebbian learning."""
    error = compare(theory.solve(problem), simulation, NORM_BOUND).max_error
    ignoring = compare(theory.solve(without_rule(problem)), simulation, NORM_BOUND).max_error
    rejected = ignoring > NORM_BOUND
    return Finding(label, error, NORM_BOUND, error <= NORM_BOUND and rejected, 1, int(rejected), unit="of largest")


def _form(problem: Problem, simulation: Trajectory, label: str) -> Finding:
    """Compare block norms under the published form; predictions with the other two forms must be rejected."""
    error = _norm_error(problem, simulation)
    others = [replace(problem.training.rule, form=form) for form in ("oja", "inverse_norm")]
    wrong = [replace(problem, training=replace(problem.training, rule=rule)) for rule in others]
    rejected = sum(_norm_error(one, simulation) > FORM_BOUND for one in wrong)
    passed = error <= FORM_BOUND and rejected == len(wrong)
    return Finding(label, error, FORM_BOUND, passed, len(wrong), rejected, unit="absolute")


def _norm_error(problem: Problem, simulation: Trajectory) -> float:
    norms = theory.solve(problem).norms
    return max(float(np.max(np.abs(norms[pair] - values))) for pair, values in simulation.norms.items())


def _draw_rules(evidence: Evidence) -> Figure:
    with house_style():
        figure, axes = canvas(2, 3, height=4.3)
        for index, (label, (simulation, prediction, ignoring)) in enumerate(evidence.data.items()):
            _draw_panel(axes[index], simulation, prediction, ignoring)
            miss = max(
                float(np.max(np.abs(ignoring.modes[name] - simulation.modes[name]))) for name in simulation.modes
            )
            left = max(
                float(np.max(np.abs(prediction.modes[name] - simulation.modes[name]))) for name in prediction.modes
            )
            title(axes[index], index, label)
            time = TIME if index > 2 else ""
            axes[index].set_xlabel(f"{time}\nlargest error {left:.1g}; {miss:.1g} without the rule".strip())
        for row in (0, 3):
            axes[row].set_ylabel(r"effective singular value $\pi$")
        legend_below(figure, axes[0], ncols=5)
    return figure


def _draw_panel(axes: Axes, simulation: Trajectory, prediction: Trajectory, ignoring: Trajectory) -> None:
    times = simulation.times
    for stroke, name in zip(STROKES, simulation.modes, strict=False):
        points = along_curve(times, simulation.modes[name])
        axes.plot(times, ignoring.modes[name], color="0.65", linewidth=0.8, zorder=1)
        axes.plot(
            times, prediction.modes[name], color=stroke.color, linestyle=stroke.linestyle, label=class_label(name)
        )
        axes.plot(
            times[points],
            simulation.modes[name][points],
            stroke.marker,
            color=stroke.color,
            markersize=3.2,
            markerfacecolor="white",
            markeredgewidth=0.7,
        )
    axes.plot([], [], color="0.65", linewidth=0.8, label="predicted without the rule")
    axes.plot([], [], "o", color="0.3", markersize=3.2, markerfacecolor="white", label="simulated")
    axes.set(xlim=(0, times[-1]), ylim=(0, 1))


RULES = Claim(
    name="learning-rules",
    source=f"{SPECIALIZATION}, learning rules: Hebbian, anti-Hebbian, contrastive Hebbian, predictive coding",
    statement="Under each of six learning rules the singular values and the loss follow the discrete map of their "
    "mode, started from the component of the initial weights that grows under the rule. The anti-Hebbian rule is that "
    "of the published run, and other forms of its term do not describe the run. The prediction for gradient descent, "
    "which leaves the rule out, describes none of the six.",
    assumptions=(
        "small random initial weights",
        "at least as many hidden units as modes",
        "Hebbian terms are summed over items; contrastive terms are averaged or summed, as labelled",
        "the Hebbian term has Oja's form; the anti-Hebbian term is that of the published run, which divides the term "
        "of each hidden unit by 1 - |w|^2, with w the input weights of the unit",
        "the anti-Hebbian term is averaged over the hidden units that a mode uses; the error of this average decreases "
        "with the number of hidden units",
    ),
    check=_check_rules,
    draw=_draw_rules,
    caption="Coloured lines: predicted under the rule. Markers: simulated. Thin grey lines: predicted without the "
    "rule, which must be rejected.",
)
