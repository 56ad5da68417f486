from sympy import Eq, Limit, Symbol, exp, oo

from linmod.theory.derivations import AsLimit, Derivation, Given, Solves, Step
from linmod.theory.symbolic.symbols import pi, t

lam, delta, c = (Symbol(name, positive=True) for name in ("lam", "delta", "c"))

decay = Derivation(
    name="weight-decay",
    title="A shallow mode with weight decay",
    source="my notebook",
    symbols={lam: "correlation", delta: "input correlation", c: "weight decay", t: "time", pi: "strength"},
    lines=(
        Given("motion", Eq(pi(t).diff(t), lam - (delta + c) * pi(t)), "Gradient flow with weight decay c."),
        Given("start", Eq(pi(0), 0), "No weights at the start."),
        Step("solution", Eq(pi(t), lam * (1 - exp(-(delta + c) * t)) / (delta + c)), "Try.", Solves("motion", "start")),
        Step("end", Eq(Limit(pi(t), t, oo), lam / (delta + c)), "Shrunk.", AsLimit("solution")),
    ),
)
