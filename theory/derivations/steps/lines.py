"""The lines of a derivation: premises, steps and rejected forms; and what a derivation shows to those who write it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

import sympy
from sympy import Eq, Expr

from ...symbolic.equality import Proof, ProofStep
from .checks import Check
from .consistency import no_common_solution
from .scrutiny import contradiction
from .statement import Statement


@dataclass(frozen=True)
class Given:
    """A premise: a definition, an equation of motion or a known result. It must be used by a later step.

    Parameters
    ----------
    name : str
    statement : Eq
    why : str
        Where it comes from.

    See Also
    --------
    Step : A statement that follows.
    Derivation : The chain of lines.

    Examples
    --------
    >>> x, y = sympy.symbols("x y", real=True)
    >>> Given("double", Eq(y, 2 * x), "Definition.").uses
    ()
    """

    name: str
    statement: Eq
    why: str
    uses: ClassVar[tuple[str, ...]] = ()

    def settle(self, claim: Statement) -> ProofStep:
        """Record the premise as given, unless it contradicts the domain."""
        wrong = contradiction(claim)
        return claim.fails(wrong) if wrong else ProofStep(claim.name, sympy.Integer(0), "given", True)


@dataclass(frozen=True)
class Step:
    """A statement, its justification in words, and the check that ties it to earlier steps.

    Parameters
    ----------
    name : str
    statement : Eq
    why : str
        What is done, in words.
    check : Check
        Names the earlier steps and settles the statement.

    See Also
    --------
    Given : A premise.
    Rejected : A form that does not hold.
    Derivation : The chain of lines.

    Examples
    --------
    >>> from linmod.theory.derivations import Algebra
    >>> x, y = sympy.symbols("x y", real=True)
    >>> Step("square", Eq(y**2, 4 * x**2), "Square both sides.", Algebra("double")).uses
    ('double',)
    """

    name: str
    statement: Eq
    why: str
    check: Check

    @property
    def uses(self) -> tuple[str, ...]:
        """Names of the earlier steps that it follows from."""
        return self.check.uses

    def settle(self, claim: Statement) -> ProofStep:
        """Check that the statement follows, from all that it cites, and that it does not contradict the domain."""
        outcome = self.check.settle(claim)
        if not outcome.holds:
            return outcome
        if no_common_solution(tuple(claim.premises.values())):
            return claim.fails("rests on premises that cannot hold together")
        idle = self.check.needless(claim)
        wrong = f"cites {idle}, which plays no part in it" if idle else contradiction(claim)
        return claim.fails(wrong) if wrong else outcome


@dataclass(frozen=True)
class Rejected(Step):
    """A form as published or usually quoted that does not hold: its check must fail, with a counter-example.

    See Also
    --------
    Step : A statement that follows.

    Examples
    --------
    >>> from linmod.theory.derivations import Algebra
    >>> x, y = sympy.symbols("x y", real=True)
    >>> wrong = Rejected("square", Eq(y**2, 2 * x**2), "The factor is not squared.", Algebra("double"))
    >>> wrong.settle(Statement("square", wrong.statement, {"double": Eq(y, 2 * x)}, ())).holds
    True
    """

    def settle(self, claim: Statement) -> ProofStep:
        """Check that the statement does not follow, at a point where its two sides differ."""
        outcome = self.check.settle(claim)
        if outcome.holds:
            return replace(outcome, settled="holds after all", holds=False)
        if not outcome.points:
            return replace(outcome, settled=f"is rejected without a counter-example: it {outcome.settled}")
        return replace(outcome, settled=f"rejected, {outcome.settled}", holds=True)


Line = Given | Step


class Chain(Protocol):
    """A chain of lines under a name, as it is written to a page and mutated."""

    @property
    def name(self) -> str:
        """What it is known by."""

    @property
    def title(self) -> str:
        """Its heading."""

    @property
    def source(self) -> str:
        """Where its result was published."""

    @property
    def about(self) -> str:
        """A sentence or two for the reader."""

    @property
    def symbols(self) -> Mapping[Any, str]:
        """Meaning of each symbol."""

    @property
    def lines(self) -> tuple[Line, ...]:
        """Premises, steps and rejected forms, in order."""

    @property
    def where(self) -> tuple[Expr, ...]:
        """Conditions on the symbols beyond their assumptions."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """The lines that follow from others."""

    def claim(self, line: Line) -> Statement:
        """One line with what it may build on."""

    def check(self) -> Proof:
        """Settle every line; an error if one does not follow."""
