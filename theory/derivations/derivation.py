"""A derivation: named symbols, premises, and steps that the machine ties to the steps before them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy
from sympy import Eq, Expr, Symbol
from sympy.core.function import AppliedUndef

from ..symbolic.equality import Proof, ProofStep
from .steps.consistency import second_value
from .steps.lines import Given, Line, Rejected, Step
from .steps.scrutiny import names_in, restated, twice_declared, variables_of
from .steps.statement import Statement
from .writing import html, latex


class DoesNotFollow(ValueError):  # noqa: N818 - it says what happened
    """A step of a derivation does not follow from the steps that it cites."""


@dataclass(frozen=True)
class Derivation:
    """A chain of steps from premises to a result.

    Attributes
    ----------
    name, title, source : str
        ``name`` is what :func:`linmod.derive` knows it by.
    symbols : mapping
        Meaning of every symbol, function and matrix symbol that occurs; the assumptions are those that the
        symbols themselves declare.
    lines : tuple of Given, Step or Rejected
    where : tuple of relations
        Conditions on the symbols beyond their assumptions, such as ``x < 1``.
    about : str
        A sentence or two for the reader.

    Raises
    ------
    ValueError
        If the steps do not connect: a step that cites nothing, or what does not come before it, or a rejected
        form; a premise that no step uses; a line that says the same as an earlier one; a name used twice; a symbol
        that is not declared, or declared twice.

    See Also
    --------
    Given, Step, Rejected : Its lines.
    derive : A derivation of the catalogue.

    Examples
    --------
    >>> from sympy import Eq, Symbol
    >>> from linmod.theory.derivations import Algebra
    >>> x, y, z = (Symbol(name, real=True) for name in "xyz")
    >>> mine = Derivation(
    ...     "squares", "Difference of squares", "a schoolbook", {x: "a number", y: "another", z: "their sum"},
    ...     (Given("sum", Eq(z, x + y), "Definition."),
    ...      Step("product", Eq(z * (x - y), x**2 - y**2), "Expand.", Algebra("sum"))))
    >>> print(mine.check())
    Difference of squares: holds
      ok  sum: given
      ok  product: symbolically
    >>> mine.result
    Eq(z*(x - y), x**2 - y**2)
    """

    name: str
    title: str
    source: str
    symbols: Mapping[Any, str]
    lines: tuple[Line, ...]
    where: tuple[Expr, ...] = ()
    about: str = ""

    def __post_init__(self) -> None:
        twice = twice_declared(self.symbols)
        if twice:
            raise ValueError(f"{self.name}: symbols must be declared once, {', '.join(twice)} are declared twice")
        known: dict[str, Line] = {}
        for line in self.lines:
            self._connects(line, known)
            known[line.name] = line
        cited = {name for line in self.lines for name in line.uses}
        for line in self.lines:
            if isinstance(line, Given) and line.name not in cited:
                raise ValueError(f"{self.name}: no step uses the premise {line.name!r}")
        if not self.steps:
            raise ValueError(f"{self.name}: there must be at least one Step")

    def _connects(self, line: Line, known: Mapping[str, Line]) -> None:
        where = f"{self.name}, step {line.name!r}"
        if line.name in known:
            raise ValueError(f"{where}: the name is taken by an earlier step")
        if not isinstance(line.statement, Eq):
            raise ValueError(f"{where}: the statement must be an Eq(left, right), got {line.statement!r}")
        if isinstance(line, Step) and not line.uses:
            raise ValueError(f"{where}: it cites no earlier step, so it does not connect")
        for name in line.uses:
            if name not in known:
                raise ValueError(f"{where}: it cites {name!r}, but the steps before it are {sorted(known)}")
            if isinstance(known[name], Rejected):
                raise ValueError(f"{where}: it cites {name!r}, which is rejected")
        same = restated(line.statement, {n: k.statement for n, k in known.items() if not isinstance(k, Rejected)})
        if same and not isinstance(line, Rejected):
            raise ValueError(f"{where}: it says the same as {same!r}")
        undeclared = sorted(str(symbol) for symbol in names_in(line.statement) - self._declared)
        if undeclared:
            raise ValueError(f"{where}: symbols must be declared with their meaning, {', '.join(undeclared)} are not")

    @cached_property
    def _variables(self) -> Mapping[Any, tuple[Symbol, ...]]:
        return variables_of(line.statement for line in self.lines)

    @cached_property
    def _declared(self) -> set[Any]:
        return {
            getattr(symbol, "func", symbol) if isinstance(symbol, AppliedUndef) else symbol for symbol in self.symbols
        }

    @property
    def steps(self) -> tuple[Step, ...]:
        """The lines that follow from others: all but premises and rejected forms."""
        return tuple(line for line in self.lines if isinstance(line, Step) and not isinstance(line, Rejected))

    def __getitem__(self, name: str) -> Eq:
        """Statement of one line."""
        for line in self.lines:
            if line.name == name:
                return line.statement
        raise KeyError(f"{self.name} has no step {name!r}, only {[line.name for line in self.lines]}")

    @property
    def result(self) -> Eq:
        """Statement of the last step."""
        return self.steps[-1].statement

    def claim(self, line: Line) -> Statement:
        """One line with what it may build on."""
        premises = {name: self[name] for name in line.uses}
        return Statement(line.name, line.statement, premises, self.where, self._variables)

    def outcomes(self) -> Iterator[ProofStep]:
        """Settle the lines one by one, whether they hold or not."""
        premises: dict[str, Eq] = {}
        for line in self.lines:
            statement = self.claim(line)
            if isinstance(line, Given):
                other = second_value(line.statement, premises)
                premises[line.name] = line.statement
                if other:
                    yield statement.fails(f"gives a second value to what the premise {other!r} gives a value")
                    continue
            yield line.settle(statement)

    @cached_property
    def proof(self) -> Proof:
        """All outcomes, whether they hold or not."""
        return Proof(self.title, tuple(self.outcomes()))

    def check(self) -> Proof:
        """Settle every line.

        Returns
        -------
        Proof
            For each line how it was settled.

        Raises
        ------
        DoesNotFollow
            At the first step that does not follow, with the residual and a point where it is not 0.
        """
        for line, outcome in zip(self.lines, self.proof.steps, strict=True):
            if not outcome.holds:
                grounds = f"does not follow from {', '.join(map(repr, line.uses))}" if line.uses else "cannot hold"
                raise DoesNotFollow(
                    f"{self.name}, step {line.name!r} {grounds}: "
                    f"{line.statement.lhs} = {line.statement.rhs} {outcome.settled}; "
                    f"left minus right is {sympy.sstr(outcome.residual)}"
                )
        return self.proof

    def lambdify(self, step: str | None = None) -> Callable[..., Any]:
        """Numerical function of the right-hand side of the result (or of a named step).

        Its arguments are the symbols that occur in it, in the order in which the derivation declares them, by
        position or by name.
        """
        right = (self.result if step is None else self[step]).rhs
        arguments = [symbol for symbol in self.symbols if isinstance(symbol, Symbol) and symbol in right.free_symbols]
        function: Callable[..., Any] = sympy.lambdify(arguments, right, ["scipy", "numpy"])
        return function

    def _repr_latex_(self) -> str:
        return latex.notebook(self)

    def _repr_html_(self) -> str:
        return html.section(self)
