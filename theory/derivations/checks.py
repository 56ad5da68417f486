"""The ways in which a step can be tied to the steps before it.

Each check takes the names of the steps that it builds on. Those of the form ``name = expression`` (a symbol, a
function, a derivative, or any expression on the left) are put in, in the order of citation; the two sides of the
statement must then be equal on the domain of their symbols.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from sympy import Derivative, Eq, Expr, Integer, Integral, Limit, Symbol
from sympy.core.function import AppliedUndef

from ..equality import ProofStep, verify_equal
from .limits import limit_value


@dataclass(frozen=True)
class Claim:
    """A statement with the earlier statements that it may build on, and the domain."""

    name: str
    statement: Eq
    premises: Mapping[str, Eq]
    where: tuple[Expr, ...]

    def equal(self, left: Expr, right: Expr) -> ProofStep:
        """Settle whether two expressions are equal on the domain."""
        return verify_equal(self.name, left, right, where=self.where)

    def fails(self, reason: str) -> ProofStep:
        """Reject the statement for a reason other than a residual."""
        return ProofStep(self.name, self.statement.lhs - self.statement.rhs, reason, False)


class Check(ABC):
    """Ties a statement to earlier ones; ``kind`` says in words how."""

    kind: ClassVar[str]

    def __init__(self, *uses: str) -> None:
        self.uses = uses

    @abstractmethod
    def settle(self, claim: Claim) -> ProofStep:
        """Settle the statement; it does not hold if a cited step plays no part in it."""


class Algebra(Check):
    """The statement becomes an identity when the cited equations are put into it."""

    kind = "algebra"

    def settle(self, claim: Claim) -> ProofStep:
        """Put the cited equations in, and compare the two sides."""
        sides = [claim.statement.lhs, claim.statement.rhs]
        sides, idle = rewrite(sides, claim.premises)
        if idle:
            return claim.fails(f"cites {idle}, which plays no part in it")
        return claim.equal(*sides)


class Through(Check):
    """The statement is the first cited equation after the others have been put into it."""

    kind = "substitution into an earlier equation"

    def settle(self, claim: Claim) -> ProofStep:
        """Put the other equations into the first and into the statement, and compare the two."""
        first, *others = claim.premises
        equation, statement = claim.premises[first], claim.statement
        rules = {name: claim.premises[name] for name in others}
        sides, idle = rewrite([equation.lhs - equation.rhs, statement.lhs - statement.rhs], rules)
        return claim.fails(f"cites {idle}, which plays no part in it") if idle else claim.equal(*sides)


class Combination(Check):
    """The statement is the sum of cited equations, each times a factor: ``Combination(energy=2, momentum=-v)``."""

    kind = "combination of earlier equations"

    def __init__(self, *uses: str, **factors: Expr) -> None:
        self.factors = {name.replace("_", " "): factor for name, factor in factors.items()}
        super().__init__(*self.factors, *uses)

    def settle(self, claim: Claim) -> ProofStep:
        """Compare with the combination, after putting in those cited without a factor."""
        rules = {name: premise for name, premise in claim.premises.items() if name not in self.factors}
        left, right = (
            sum(factor * claim.premises[name].args[side] for name, factor in self.factors.items()) for side in (0, 1)
        )
        sides, idle = rewrite([claim.statement.lhs - claim.statement.rhs, left - right], rules)
        return claim.fails(f"cites {idle}, which plays no part in it") if idle else claim.equal(*sides)


class Solves(Check):
    """The statement ``f(t) = ...`` or ``x = ...`` solves the cited equations of f or x.

    These may be differential equations, recursions, initial conditions, or equations between numbers. Cited steps
    in which the unknown does not occur are put in.
    """

    kind = "substitution into the equation"

    def settle(self, claim: Claim) -> ProofStep:
        """Put the supposed solution into each equation."""
        unknown = claim.statement.lhs
        if not isinstance(unknown, AppliedUndef | Symbol):
            return claim.fails("is not of the form f(t) = ... or x = ...")
        mark = unknown.func if isinstance(unknown, AppliedUndef) else unknown
        equations = {name: p for name, p in claim.premises.items() if p.has(mark)}
        rules = {name: p for name, p in claim.premises.items() if name not in equations}
        if not equations:
            return claim.fails(f"cites no equation of {unknown}")
        outcomes, idle = [], set(rules)
        for equation in equations.values():
            sides, unused = rewrite([_put_in(side, claim.statement) for side in equation.args], rules)
            idle &= set(unused)
            outcomes.append(claim.equal(*sides))
        return claim.fails(f"cites {sorted(idle)}, which plays no part in it") if idle else worst(outcomes)


class Integration(Check):
    """The statement holds at the start, and the derivatives of both sides are equal from there on.

    Parameters
    ----------
    variable : Symbol
        What is differentiated by.
    start : Expr
        Where the two sides are compared.
    *uses : str
        Equations of motion, initial conditions and definitions.
    """

    kind = "differentiating back"

    def __init__(self, variable: Symbol, start: Expr, *uses: str) -> None:
        super().__init__(*uses)
        self.variable, self.start = variable, start

    def settle(self, claim: Claim) -> ProofStep:
        """Compare the derivatives, and the values at the start."""
        left, right = claim.statement.args
        slopes = [side.diff(self.variable) for side in (left, right)]
        starts = [_without_empty_integrals(side.subs(self.variable, self.start)) for side in (left, right)]
        slopes, idle = rewrite(slopes, claim.premises)
        starts, idle_at_start = rewrite(starts, claim.premises)
        unused = [name for name in idle if name in idle_at_start]
        if unused:
            return claim.fails(f"cites {unused}, which plays no part in it")
        starts = [_without_empty_integrals(side) for side in starts]
        return worst([claim.equal(*slopes), claim.equal(*starts)])


class Conservation(Integration):
    """The statement ``quantity(t) = value at the start`` holds because the quantity does not change."""

    kind = "conservation law"


class AsLimit(Check):
    """The limits in the statement have the stated values, once the cited equations are put in."""

    kind = "limit"

    def settle(self, claim: Claim) -> ProofStep:
        """Evaluate the limits, and compare."""
        sides, idle = rewrite(list(claim.statement.args), claim.premises)
        if idle:
            return claim.fails(f"cites {idle}, which plays no part in it")
        sides = [side.replace(Limit, limit_value) for side in sides]
        return (
            claim.fails("has no limit that is found") if any(side.has(Limit) for side in sides) else claim.equal(*sides)
        )


def rewrite(sides: Iterable[Expr], premises: Mapping[str, Eq]) -> tuple[list[Expr], list[str]]:
    """Put equations into expressions, one after the other; also return the names of those that changed nothing."""
    current, idle = list(sides), []
    for name, premise in premises.items():
        changed = [_put_in(side, premise) for side in current]
        if changed == current:
            idle.append(name)
        current = changed
    return current, idle


def worst(outcomes: Iterable[ProofStep]) -> ProofStep:
    """The outcome that decides: one that does not hold, else one that was settled by digits, else the first."""
    return min(outcomes, key=lambda outcome: (outcome.holds, outcome.settled == "symbolically"))


def _put_in(side: Expr, premise: Eq) -> Expr:
    old, new = premise.args
    if isinstance(old, AppliedUndef) and all(argument.is_Symbol for argument in old.args):
        return _evaluated(
            side.replace(old.func, lambda *at: new.subs(zip(old.args, at, strict=True), simultaneous=True))
        )
    return side.subs(old, new)


def _evaluated(side: Expr) -> Expr:
    """Carry out derivatives of what is no longer an unknown function."""
    return side.replace(
        lambda part: isinstance(part, Derivative) and not isinstance(part.expr, AppliedUndef), lambda part: part.doit()
    )


def _without_empty_integrals(side: Expr) -> Expr:
    return side.replace(
        lambda part: isinstance(part, Integral) and part.limits[0][1] == part.limits[0][2], lambda _: Integer(0)
    )
