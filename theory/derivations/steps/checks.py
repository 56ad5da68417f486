"""The ways in which a step can be tied to the steps before it.

Each check takes the names of the steps that it builds on. Those of the form ``name = expression`` (a symbol, a
function, a derivative, or any expression on the left) are put in, in the order of citation; the two sides of the
statement must then be equal on the domain of their symbols.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from typing import ClassVar, Literal

from sympy import Eq, Expr, Integer, Integral, Limit, Symbol, fraction, together
from sympy.core.function import AppliedUndef

from ....validation import choice
from ...symbolic.equality import ProofStep
from .limits import limit_value, misses, outside
from .quadrature import differs_from_quadrature
from .roots import not_the_only_solution
from .statement import Statement, put_in, worst
from .uniqueness import leaves_its_interval, singular_start, too_few_conditions


class Check(ABC):
    """Ties a statement to earlier ones; ``kind`` says in words how.

    Parameters
    ----------
    *uses : str
        Names of the earlier steps that the statement follows from.

    See Also
    --------
    Step : A statement with its check.
    Algebra, Through, Solves : Often used checks.

    Examples
    --------
    >>> Algebra("sum", "product").uses, Algebra.kind
    (('sum', 'product'), 'algebra')
    """

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
    """The statement becomes an identity when the cited equations are put into it.

    Parameters
    ----------
    *uses : str
        Steps of the form ``name = expression``.

    See Also
    --------
    Through : Puts equations into another equation.

    Examples
    --------
    >>> from sympy import symbols
    >>> x, y = symbols("x y", real=True)
    >>> premises = {"double": Eq(y, 2 * x)}
    >>> Algebra("double").settle(Statement("square", Eq(y**2, 4 * x**2), premises, ())).holds
    True
    >>> Algebra("double").settle(Statement("square", Eq(y**2, 2 * x**2), premises, ())).holds
    False
    """

    kind = "algebra"

    def settle(self, claim: Statement) -> ProofStep:
        """Put the cited equations in, and compare the two sides."""
        sides, idle = claim.rewrite(claim.statement.args)
        outside = claim.outside(claim.statement.args)
        return claim.idle(idle) if idle else (claim.fails(outside) if outside else claim.equal(*sides))


class Through(Check):
    """The statement is the first cited equation after the others have been put into it.

    Parameters
    ----------
    *uses : str
        The equation first, then those that are put into it.

    See Also
    --------
    Algebra : Puts equations into the statement alone.

    Examples
    --------
    >>> from sympy import symbols
    >>> x, y, z = symbols("x y z", real=True)
    >>> premises = {"line": Eq(y, x + z), "choice": Eq(z, 3)}
    >>> Through("line", "choice").settle(Statement("chosen", Eq(y - x, 3), premises, ())).holds
    True
    """

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
    """The statement is the sum of cited equations, each times a factor.

    Parameters
    ----------
    *uses : str
        Steps that are put in, without a factor.
    **factors : Expr
        The factor of each equation by its name, with underscores for blanks.

    See Also
    --------
    Through : Puts equations into one equation.

    Examples
    --------
    >>> from sympy import symbols
    >>> x, y = symbols("x y", real=True)
    >>> premises = {"sum": Eq(x + y, 5), "difference": Eq(x - y, 1)}
    >>> both = Combination(sum=Integer(1), difference=Integer(1))
    >>> both.settle(Statement("double", Eq(2 * x, 6), premises, ())).holds
    True
    """

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

    See Also
    --------
    Integration : A statement about an integral.

    Examples
    --------
    >>> from sympy import Function, exp, symbols
    >>> f, t = Function("f"), symbols("t", nonnegative=True)
    >>> premises = {"motion": Eq(f(t).diff(t), -f(t)), "start": Eq(f(0), 1)}
    >>> Solves("motion", "start").settle(Statement("decay", Eq(f(t), exp(-t)), premises, ())).holds
    True
    >>> del premises["start"]
    >>> print(Solves("motion").settle(Statement("decay", Eq(f(t), exp(-t)), premises, ())).settled)
    needs 1 condition on f, and 0 are cited
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

    See Also
    --------
    Conservation : The case of a quantity that stays.
    Solves : A statement that gives an unknown function.

    Examples
    --------
    >>> from sympy import Function, symbols
    >>> f, t = Function("f"), symbols("t", nonnegative=True)
    >>> premises = {"motion": Eq(f(t).diff(t), 2 * t), "start": Eq(f(0), 0)}
    >>> check = Integration(t, Integer(0), "motion", "start")
    >>> check.settle(Statement("square", Eq(f(t), t**2), premises, ())).holds
    True
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
    """The statement ``quantity(t) = value at the start`` holds because the quantity does not change.

    See Also
    --------
    Integration : A quantity that changes.

    Examples
    --------
    >>> from sympy import Function, symbols
    >>> f, g, t = Function("f"), Function("g"), symbols("t", nonnegative=True)
    >>> premises = {"first": Eq(f(t).diff(t), g(t)), "second": Eq(g(t).diff(t), f(t))}
    >>> check = Conservation(t, Integer(0), "first", "second")
    >>> check.settle(Statement("energy", Eq(f(t)**2 - g(t)**2, f(0)**2 - g(0)**2), premises, ())).holds
    True
    """

    kind = "conservation law"


class AsLimit(Check):
    """The limits in the statement have the stated values, once the cited equations are put in.

    Parameters
    ----------
    *uses : str

    See Also
    --------
    Algebra : A statement without limits.

    Examples
    --------
    >>> from sympy import exp, oo, symbols
    >>> t, y = symbols("t y", positive=True)
    >>> premises = {"decay": Eq(y, 1 + exp(-t))}
    >>> AsLimit("decay").settle(Statement("end", Eq(Limit(y, t, oo), 1), premises, ())).holds
    True
    """

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


def _without_empty_integrals(side: Expr) -> Expr:
    return side.replace(
        lambda part: isinstance(part, Integral) and part.limits[0][1] == part.limits[0][2], lambda _: Integer(0)
    )
