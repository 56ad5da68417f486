"""The ways in which a step can be tied to the steps before it.

Each check takes the names of the steps that it builds on. Those of the form ``name = expression`` (a symbol, a
function, a derivative, or any expression on the left) are put in, in the order of citation; the two sides of the
statement must then be equal on the domain of their symbols.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

from sympy import Derivative, Eq, Expr, Integer, Integral, Limit, Subs, Symbol, fraction, together
from sympy.core.function import AppliedUndef

from ....validation import choice
from ...symbolic.equality import ProofStep, verify_equal
from .limits import limit_value, misses, outside
from .quadrature import differs_from_quadrature
from .roots import not_the_only_solution
from .second_engine import settled_again
from .uniqueness import leaves_its_interval, outside_domain, singular_start, too_few_conditions


@dataclass(frozen=True)
class Statement:
    """A statement with the earlier statements that it may build on, and the domain.

    `variables` are those of each function: an equation for the function at its variables is put in at any argument,
    one at another symbol only there.
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


class Check(ABC):
    """Ties a statement to earlier ones; ``kind`` says in words how."""

    kind: ClassVar[str]

    def __init__(self, *uses: str) -> None:
        self.uses = uses

    @abstractmethod
    def settle(self, claim: Statement) -> ProofStep:
        """Settle the statement; it does not hold if a cited step plays no part in it."""

    def needless(self, claim: Statement) -> list[str]:
        """Cited steps without which a statement that holds would hold as well."""
        return [name for name in self.rules(claim) if self._without(name).settle(claim.without(name)).holds]

    def rules(self, claim: Statement) -> Sequence[str]:
        """Return the cited steps that are substituted; the statement is compared with the other cited steps."""
        return tuple(claim.premises)

    def _without(self, name: str) -> Check:
        shorter = copy(self)
        shorter.uses = tuple(other for other in self.uses if other != name)
        return shorter


class Algebra(Check):
    """The statement becomes an identity when the cited equations are put into it."""

    kind = "algebra"

    def settle(self, claim: Statement) -> ProofStep:
        """Put the cited equations in, and compare the two sides."""
        sides, idle = claim.rewrite(claim.statement.args)
        outside = claim.outside(claim.statement.args)
        return claim.idle(idle) if idle else (claim.fails(outside) if outside else claim.equal(*sides))


class Through(Check):
    """The statement is the first cited equation after the others have been put into it."""

    kind = "substitution into an earlier equation"

    def settle(self, claim: Statement) -> ProofStep:
        """Put the other equations into the first and into the statement, and compare the two."""
        equation, statement = claim.premises[next(iter(claim.premises))], claim.statement
        rules = {name: claim.premises[name] for name in self.rules(claim)}
        sides, idle = claim.rewrite([equation.lhs - equation.rhs, statement.lhs - statement.rhs], rules)
        return claim.idle(idle) if idle else claim.equal(*sides)

    def rules(self, claim: Statement) -> Sequence[str]:
        """All but the equation that they are put into."""
        return tuple(claim.premises)[1:]


class Combination(Check):
    """The statement is the sum of cited equations, each times a factor: ``Combination(energy=2, momentum=-v)``."""

    kind = "combination of earlier equations"

    def __init__(self, *uses: str, **factors: Expr) -> None:
        self.factors = {name.replace("_", " "): factor for name, factor in factors.items()}
        super().__init__(*self.factors, *uses)

    def settle(self, claim: Statement) -> ProofStep:
        """Compare with the combination, after putting in those cited without a factor."""
        for factor in self.factors.values():
            divisor = fraction(together(factor))[1]
            if not divisor.is_nonzero:
                return claim.fails(f"divides an equation by {divisor}, which can be 0")
        rules = {name: premise for name, premise in claim.premises.items() if name not in self.factors}
        left, right = (
            sum(factor * claim.premises[name].args[side] for name, factor in self.factors.items()) for side in (0, 1)
        )
        sides, idle = claim.rewrite([claim.statement.lhs - claim.statement.rhs, left - right], rules)
        return claim.idle(idle) if idle else claim.equal(*sides)

    def _without(self, name: str) -> Combination:
        shorter = copy(self)
        shorter.factors = {other: factor for other, factor in self.factors.items() if other != name}
        return shorter


class Solves(Check):
    """The statement ``f(t) = ...`` or ``x = ...`` solves the cited equations of f or x.

    These may be differential equations, recursions, initial conditions, or equations between numbers. Cited steps
    in which the unknown does not occur are put in.

    Parameters
    ----------
    *uses : str
    root : {"only", "larger", "smaller"}
        Of several solutions of an equation for a number, which one it is.
    """

    kind = "substitution into the equation"

    def __init__(self, *uses: str, root: Literal["only", "larger", "smaller"] = "only") -> None:
        super().__init__(*uses)
        self.root = choice("root", root, ("only", "larger", "smaller"))

    def settle(self, claim: Statement) -> ProofStep:
        """Put the supposed solution into each equation."""
        unknown = claim.statement.lhs
        if not isinstance(unknown, AppliedUndef | Symbol):
            return claim.fails("is not of the form f(t) = ... or x = ...")
        names = self.rules(claim)
        equations = [premise for name, premise in claim.premises.items() if name not in names]
        if not equations:
            return claim.fails(f"cites no equation of {unknown}")
        outcomes, idle, solved = [], set(names), []
        for equation in equations:
            rules = {name: claim.premises[name] for name in names}
            sides, unused = claim.rewrite([put_in(side, claim.statement) for side in equation.args], rules)
            solved.append(Eq(*claim.rewrite(equation.args, rules)[0], evaluate=False))
            idle &= set(unused)
            outcomes.append(claim.equal(*sides))
        if idle:
            return claim.idle(sorted(idle))
        outcome = worst(outcomes)
        if outcome.holds and isinstance(unknown, Symbol):
            value = claim.rewrite([claim.statement.rhs], {name: claim.premises[name] for name in names})[0][0]
            reason = not_the_only_solution(solved, unknown, value, claim.where, self.root)
            return claim.fails(reason) if reason else outcome
        if outcome.holds and isinstance(unknown, AppliedUndef):
            right = claim.rewrite([claim.statement.rhs], {name: claim.premises[name] for name in names})[0][0]
            reason = (
                too_few_conditions(solved, unknown)
                or singular_start(solved, unknown, claim.where)
                or leaves_its_interval(solved, Eq(unknown, right, evaluate=False), claim.where)
            )
            return claim.fails(reason) if reason else outcome
        return outcome

    def rules(self, claim: Statement) -> Sequence[str]:
        """Steps in which the unknown does not occur."""
        unknown = claim.statement.lhs
        mark = getattr(unknown, "func", unknown) if isinstance(unknown, AppliedUndef) else unknown
        return [name for name, premise in claim.premises.items() if not premise.has(mark)]


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

    def settle(self, claim: Statement) -> ProofStep:
        """Compare the derivatives, and the values at the start."""
        left, right = claim.statement.args
        slopes = [side.diff(self.variable) for side in (left, right)]
        starts = [_without_empty_integrals(side.subs(self.variable, self.start)) for side in (left, right)]
        slopes, idle = claim.rewrite(slopes)
        starts, idle_at_start = claim.rewrite(starts)
        unused = [name for name in idle if name in idle_at_start]
        if unused:
            return claim.idle(unused)
        starts = [_without_empty_integrals(side) for side in starts]
        outcome = worst([claim.equal(*slopes), claim.equal(*starts)])
        reason = differs_from_quadrature(claim.rewrite([left, right])[0], claim.where) if outcome.holds else ""
        return claim.fails(reason) if reason else outcome


class Conservation(Integration):
    """The statement ``quantity(t) = value at the start`` holds because the quantity does not change."""

    kind = "conservation law"


class AsLimit(Check):
    """The limits in the statement have the stated values, once the cited equations are put in."""

    kind = "limit"

    def settle(self, claim: Statement) -> ProofStep:
        """Evaluate the limits, and compare."""
        sides, idle = claim.rewrite(claim.statement.args)
        if idle:
            return claim.idle(idle)
        limits = sorted(set().union(*(side.atoms(Limit) for side in sides)), key=str)
        sides = [side.replace(Limit, limit_value) for side in sides]
        if any(side.has(Limit) for side in sides):
            return claim.fails("has no limit that is found")
        outcome = claim.equal(*sides)
        for limit in limits if outcome.holds else ():
            reason = outside(limit, claim.where) or misses(limit, claim.where)
            if reason:
                return claim.fails(reason)
        return outcome


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


def _without_empty_integrals(side: Expr) -> Expr:
    return side.replace(
        lambda part: isinstance(part, Integral) and part.limits[0][1] == part.limits[0][2], lambda _: Integer(0)
    )
