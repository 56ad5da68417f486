"""A statement of a derivation with what it builds on, and how equations are put into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sympy import Derivative, Eq, Expr, Subs, Symbol
from sympy.core.function import AppliedUndef

from ...symbolic.equality import ProofStep, verify_equal
from .second_engine import settled_again
from .uniqueness import outside_domain


@dataclass(frozen=True)
class Statement:
    """A statement with the earlier statements that it may build on, and the domain.

    Attributes
    ----------
    name : str
    statement : Eq
    premises : mapping of str to Eq
        The earlier statements, by name, in the order in which they are put in.
    where : tuple of relations
        Conditions on the symbols beyond their assumptions.
    variables : mapping
        Those of each function: an equation for the function at its variables is put in at any argument, one at another
        symbol only there.

    See Also
    --------
    Check : Ties a statement to its premises.

    Examples
    --------
    >>> from sympy import symbols
    >>> x, y = symbols("x y", real=True)
    >>> Statement("square", Eq(y**2, x**2), {"same": Eq(y, x)}, ()).rewrite([y**2])
    ([x**2], [])
    """

    name: str
    statement: Eq
    premises: Mapping[str, Eq]
    where: tuple[Expr, ...]
    variables: Mapping[Any, tuple[Symbol, ...]] = field(default_factory=dict)

    def equal(self, left: Expr, right: Expr) -> ProofStep:
        """Settle whether two expressions are equal on the domain."""
        outcome = verify_equal(self.name, left, right, where=self.where)
        return settled_again(outcome, left, right, self.where)

    def fails(self, reason: str) -> ProofStep:
        """Reject the statement for a reason other than a residual."""
        return ProofStep(self.name, self.statement.lhs - self.statement.rhs, reason, False)

    def idle(self, names: Sequence[str]) -> ProofStep:
        """Reject the statement for what it cites in vain."""
        return self.fails(f"cites {list(names)}, which plays no part in it")

    def rewrite(self, sides: Iterable[Expr], premises: Mapping[str, Eq] | None = None) -> tuple[list[Expr], list[str]]:
        """Put equations, all that are cited unless given, into expressions."""
        return rewrite(sides, self.premises if premises is None else premises, self.variables)

    def outside(self, sides: Iterable[Expr]) -> str:
        """Where a cited equation would be put in outside its domain; empty if none is.

        Arguments of functions are those that remain once the equations that are cited later are put in.
        """
        current, later = list(sides), dict(self.premises)
        for name, premise in self.premises.items():
            del later[name]
            applied = set().union(*(side.atoms(AppliedUndef) for side in current))
            parts = [part.func(*self.rewrite(part.args, later)[0]) for part in sorted(applied, key=str)]
            reason = outside_domain(parts, premise, self.where, self.variables)
            if reason:
                return reason
            current = self.rewrite(current, {name: premise})[0]
        return ""

    def without(self, name: str) -> Statement:
        """The same statement without one of the earlier ones."""
        return replace(self, premises={other: premise for other, premise in self.premises.items() if other != name})


def rewrite(
    sides: Iterable[Expr], premises: Mapping[str, Eq], variables: Mapping[Any, tuple[Symbol, ...]] | None = None
) -> tuple[list[Expr], list[str]]:
    """Put equations into expressions, one after the other; also return the names of those that changed nothing."""
    current, idle = list(sides), []
    for name, premise in premises.items():
        changed = [put_in(side, premise, variables) for side in current]
        if changed == current:
            idle.append(name)
        current = changed
    return current, idle


def worst(outcomes: Iterable[ProofStep]) -> ProofStep:
    """Return the outcome that decides: one that does not hold, else one that was settled by digits, else the first."""
    known = list(outcomes)
    decides = min(known, key=lambda outcome: (outcome.holds, outcome.settled == "symbolically"))
    return decides if all(outcome.again for outcome in known) else replace(decides, again="")


def put_in(side: Expr, premise: Eq, variables: Mapping[Any, tuple[Symbol, ...]] | None = None) -> Expr:
    """Put one equation into an expression: its right side wherever its left side stands.

    Examples
    --------
    >>> from sympy import Function, symbols
    >>> f, t, s = Function("f"), *symbols("t s")
    >>> put_in(f(0) + f(s), Eq(f(t), t + 1)), put_in(f(0) + f(s), Eq(f(t), t + 1), {f: (s,)})
    (s + 2, f(0) + f(s))
    """
    old, new = premise.args
    if (
        isinstance(old, AppliedUndef)
        and all(argument.is_Symbol for argument in old.args)
        and ((variables or {}).get(old.func, old.args) == old.args)
    ):
        return _evaluated(
            side.replace(old.func, lambda *at: new.subs(zip(old.args, at, strict=True), simultaneous=True))
        )
    return side.subs(old, new)


def _evaluated(side: Expr) -> Expr:
    """Carry out derivatives of what is no longer an unknown function, at the point where they are taken."""
    done = side.replace(
        lambda part: isinstance(part, Derivative) and not isinstance(part.expr, AppliedUndef), lambda part: part.doit()
    )
    return done.replace(lambda part: isinstance(part, Subs) and not part.expr.has(Derivative), lambda part: part.doit())
