from sympy import Eq, Limit, Symbol, exp, oo

from linmod.theory.derivations import AsLimit, Derivation, Given, Solves, Step
from linmod.theory.symbolic.symbols import pi, t

lam, delta = (Symbol(name, positive=True) for name in ("lam", "delta"))

exponential = Derivation(
    name="exponential",
    title="A shallow mode from no weights",
    source="my notebook",
    symbols={lam: "correlation", delta: "input correlation", t: "time", pi: "strength"},
    lines=(
        Given("motion", Eq(pi(t).diff(t), lam - delta * pi(t)), "Gradient flow."),
        Given("start", Eq(pi(0), 0), "No weights at the start."),
        Step("solution", Eq(pi(t), lam * (1 - exp(-delta * t)) / delta), "Try.", Solves("motion", "start")),
        Step("end", Eq(Limit(pi(t), t, oo), lam / delta), "Learned.", AsLimit("solution")),
    ),
)
