"""Gradient flow of the shallow network."""

from __future__ import annotations

from sympy import Derivative, Eq, Limit, Trace, oo

from ...symbolic import modes as symbolic
from ..derivation import Derivation
from ..steps.checks import AsLimit, Solves
from ..steps.lines import Given, Step
from ..steps.matrices import OnMatrices
from . import notation as n
from .notation import delta, lam, pi, pi0, t

half = n.half

SHALLOW = Derivation(
    name="shallow",
    title="Shallow network: each mode relaxes exponentially",
    source=f"{n.PAPER}, shallow dynamics",
    about=(
        "Gradient flow on the squared loss moves the weights along the correlation of the error with the inputs. Its "
        "projection on a pair of singular vectors is a linear equation for one number, for any initial weights."
    ),
    symbols={
        **n.MODE,
        pi0: "its initial value",
        half: "time at which half of the final value is reached",
        **n.CORRELATIONS,
        **n.VECTORS,
        n.W: "weights",
        n.W_dot: "their rate of change",
    },
    where=(pi0 < lam / delta / 2,),
    lines=(
        Given(
            "flow",
            Eq(n.W_dot, n.Sigma_yx - n.W * n.Sigma_x, evaluate=False),
            "Gradient flow of half the mean squared error.",
        ),
        Given("correlation", Eq(n.Sigma_yx * n.v, lam * n.u, evaluate=False), "u and v are singular vectors."),
        Given(
            "variance",
            Eq(n.Sigma_x * n.v, delta * n.v, evaluate=False),
            "v is an eigenvector of the input correlation.",
        ),
        Given("strength", Eq(pi(t), Trace(n.W * n.v * n.u.T)), "Definition of the effective singular value, u' W v."),
        Given(
            "rate",
            Eq(Derivative(pi(t), t), Trace(n.W_dot * n.v * n.u.T)),
            "Rate of change of the strength; u and v are constant.",
        ),
        Step(
            "motion",
            Eq(Derivative(pi(t), t), lam - delta * pi(t)),
            "Apply the flow to v and project on u. The equation contains no other mode.",
            OnMatrices(n.two_modes, "flow", "correlation", "variance", "strength", "rate"),
        ),
        Given("start", Eq(pi(0), pi0), "The initial value is arbitrary, of either sign."),
        Step(
            "solution",
            Eq(pi(t), symbolic.shallow_flow(lam, delta)),
            "The solution of a linear equation with constant coefficients, by substitution.",
            Solves("motion", "start"),
        ),
        Step("end of learning", Eq(Limit(pi(t), t, oo), lam / delta), "The exponentials vanish.", AsLimit("solution")),
        Step(
            "no input correlation",
            Eq(Limit(pi(t), delta, 0), symbolic.shallow_flow(lam, 0)),
            "Without an input correlation the strength grows without bound.",
            AsLimit("solution"),
        ),
        n.HALF,
        Step(
            "half time",
            Eq(half, symbolic.half_time_shallow(lam, delta)),
            "Solve for the time.",
            Solves("half", "solution"),
        ),
    ),
)

CATALOGUE = (SHALLOW,)
