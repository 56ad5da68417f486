"""Dense networks in the setting of the published figures: modes and block norms, predicted and simulated."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from ... import dynamics, theory
from ...problem import Problem, Trajectory
from ...verification.claims import Claim, Evidence, Settings, finding
from ...verification.comparison import verify
from ...verification.controls import DELTA_LEFT_OUT, STRENGTH_OFF, SWAPPED
from ..drawing.curves import draw_curves, draw_errors
from ..drawing.style import block_label, canvas, class_label, house_style, legend_below, title
from ..published import SPECIALIZATION, deep_problem, shallow_problem


def known(run: Trajectory) -> Callable[[Problem], Trajectory]:
    """Return a simulator that answers with a run that is already there."""
    return lambda _: run


def _check(problem: Callable[[int], Problem], tolerance: float | None) -> Callable[[Settings], Evidence]:
    def check(settings: Settings) -> Evidence:
        seeds = settings.seeds(full=8, quick=2)
        findings, predicted, simulated, bounds = [], [], [], []
        for done, seed in enumerate(seeds):
            here = problem(seed)
            predicted.append(theory.solve(here))
            simulated.append(dynamics.solve(here))
            agreement = verify(here, simulate=known(simulated[-1]), tolerance=tolerance)
            agreement.require("constant", SWAPPED, STRENGTH_OFF, DELTA_LEFT_OUT)
            findings.append(finding(agreement, f"seed {seed}: modes, block norms and loss"))
            bounds.append(agreement.tolerance)
            settings.progress((done + 1) / len(seeds))
        return Evidence(tuple(findings), {"predicted": predicted, "simulated": simulated, "bound": min(bounds)})

    return check


def draw_learning(evidence: Evidence) -> Figure:
    """Draw singular values and block norms of the seed with the largest error, and the errors of all seeds."""
    predicted, simulated = evidence.data["predicted"], evidence.data["simulated"]
    with house_style():
        figure, axes = canvas(1, 3, height=2.5)
        modes = {name: (class_label(name), lambda run, name=name: run.modes[name]) for name in predicted[0].modes}
        norms = {pair: (block_label(*pair), lambda run, pair=pair: run.norms[pair]) for pair in predicted[0].norms}
        draw_curves(axes[0], predicted, simulated, modes)
        draw_curves(axes[1], predicted, simulated, norms)
        draw_errors(axes[2], predicted, simulated, evidence.data["bound"])
        axes[0].set_ylabel(r"effective singular value $\pi$")
        axes[1].set_ylabel("Frobenius norm")
        title(axes[0], 0, "modes")
        title(axes[1], 1, "blocks of the map")
        title(axes[2], 2, f"largest error, {len(predicted)} seeds")
        legend_below(figure, axes[0], ncols=2, note="(a, b): the seed with the largest error")
    return figure


DENSE_DEEP = Claim(
    name="dense-deep",
    source=f"{SPECIALIZATION}, learning dynamics and Frobenius norms of the dense deep network",
    statement="The singular values, block norms and loss of a two-layer network trained from small random weights "
    "follow the closed form that starts from those weights and takes the same discrete steps.",
    assumptions=(
        "small random initial weights",
        "at least as many hidden units as modes",
        "the bound on the error is .001 of the largest value of each kind",
    ),
    check=_check(deep_problem, tolerance=1e-3),
    draw=draw_learning,
    caption="(a, b) Lines: predicted; markers: simulated, for the seed with the largest error. (c) Lines: largest "
    "error of all seeds; horizontal line: the bound.",
)
DENSE_SHALLOW = Claim(
    name="dense-shallow",
    source=f"{SPECIALIZATION}, learning dynamics and Frobenius norms of the dense shallow network",
    statement="The singular values, block norms and loss of a shallow network trained from random weights equal "
    "their closed form to rounding.",
    assumptions=("the step is below the stable limit",),
    check=_check(shallow_problem, tolerance=None),
    draw=draw_learning,
    caption="(a, b) Lines: predicted; markers: simulated, for the seed with the largest error. (c) Lines: largest "
    "error of all seeds; horizontal line: the bound.",
)
