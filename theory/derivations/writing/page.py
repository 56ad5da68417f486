"""What there is to show of a derivation: its lines, how each was settled, and numbers put in for symbols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import sympy
from sympy import Eq, Expr, Limit, MatrixSymbol, Symbol

from ...symbolic.equality import Proof, ProofStep
from ..steps.lines import Chain, Given, Line, Rejected

DISPLAYED = {"lam": "lambda", "lam_other": "lambda_other"}


@dataclass(frozen=True)
class Page:
    """A derivation that has been checked, with its statements as they are to be shown."""

    derivation: Chain
    proof: Proof
    statements: Mapping[str, Eq]
    values: Mapping[Symbol, Expr]

    def rows(self) -> Iterator[tuple[Line, Eq, ProofStep]]:
        """Each line with its statement and its outcome."""
        for line, outcome in zip(self.derivation.lines, self.proof.steps, strict=True):
            yield line, self.statements[line.name], outcome

    def declared(self) -> Iterator[tuple[Expr, str, str]]:
        """Each symbol with its domain and its meaning."""
        for symbol, meaning in self.derivation.symbols.items():
            value = f"; here {self.values[symbol]}" if symbol in self.values else ""
            yield shown(symbol), domain(symbol), meaning + value


def page(derivation: Chain, values: Mapping[str, Any] | None = None) -> Page:
    """Check a derivation, and put values in for symbols.

    Parameters
    ----------
    derivation : Derivation
    values : mapping of symbol name to number, optional

    Raises
    ------
    DoesNotFollow
        If a step does not hold: a wrong step is not shown.
    ValueError
        If a symbol is unknown, or a value is not a number of its domain.

    Examples
    --------
    >>> from linmod import derive
    >>> page(derive("systematicity"), {"N": 8, "k_x": 3, "r_x": 1}).statements["ratio"].rhs
    8/11
    """
    proof = derivation.check()
    chosen = _values(derivation, values or {})
    _inside(derivation, chosen)
    statements = {line.name: _specialised(line.statement, chosen) for line in derivation.lines}
    return Page(derivation, proof, statements, chosen)


def shown(expression: Any) -> Any:
    """Rename symbols to what the printers set as Greek letters."""
    if isinstance(expression, sympy.FunctionClass):
        return Symbol(expression.__name__)
    return expression.xreplace({symbol: Symbol(_displayed(symbol.name)) for symbol in expression.atoms(Symbol)})


def _displayed(name: str) -> str:
    return DISPLAYED.get(name, f"{name[:-5]}^*" if name.endswith("_star") else name)


def sentence(line: Line, outcome: ProofStep) -> str:
    """How a line was settled, as a sentence."""
    if isinstance(line, Given):
        return "This is a premise."
    cited = listed(line.uses)
    if isinstance(line, Rejected):
        return f"This does not follow from {cited}: it is {outcome.settled}."
    return f"This follows from {cited} by {line.check.kind}, verified {outcome.settled}."


def listed(names: Sequence[str]) -> str:
    """Names as a list in words.

    Examples
    --------
    >>> listed(["motion", "start", "half"])
    'motion, start and half'
    """
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def domain(symbol: Any) -> str:
    """Domain that a symbol declares, in words.

    Examples
    --------
    >>> domain(Symbol("n", integer=True, positive=True)), domain(Symbol("x", real=True))
    ('positive integer', 'real')
    """
    if isinstance(symbol, MatrixSymbol):
        return "matrix" if symbol.shape[1] != 1 else "vector"
    if not isinstance(symbol, Symbol):
        return "function"
    sign = next((word for word in ("positive", "nonnegative", "negative") if getattr(symbol, f"is_{word}")), "")
    kind = "integer" if symbol.is_integer else ("" if sign else "real")
    return f"{sign} {kind}".strip()


def _values(derivation: Chain, values: Mapping[str, Any]) -> dict[Symbol, Expr]:
    symbols = {symbol.name: symbol for symbol in derivation.symbols if isinstance(symbol, Symbol)}
    chosen = {}
    for name, value in values.items():
        if name not in symbols:
            near = get_close_matches(name, symbols, n=3, cutoff=0.4)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise ValueError(f"{derivation.name} has no symbol {name!r}, only {', '.join(symbols)}{hint}")
        chosen[symbols[name]] = _number(symbols[name], value)
    return chosen


def _number(symbol: Symbol, value: Any) -> Expr:
    try:
        number = sympy.Rational(str(value))
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise ValueError(f"{symbol} must be a number, got {value!r}") from error
    if not number.is_finite:
        raise ValueError(f"{symbol} must be a finite number, got {value!r}")
    wanted = [word for word in ("integer", "positive", "nonnegative", "negative") if getattr(symbol, f"is_{word}")]
    if not all(getattr(number, f"is_{word}") for word in wanted):
        raise ValueError(
            f"{symbol} must be a {domain(symbol)} number, got {value}".replace("integer number", "integer")
        )
    return number


def _inside(derivation: Chain, chosen: Mapping[Symbol, Expr]) -> None:
    for condition in derivation.where:
        if condition.subs(chosen) == False:  # noqa: E712 - a sympy truth value
            given = ", ".join(
                f"{symbol} = {value}" for symbol, value in chosen.items() if symbol in condition.free_symbols
            )
            raise ValueError(f"outside the domain of {derivation.name}: {condition} does not hold for {given}")


def _specialised(statement: Eq, chosen: Mapping[Symbol, Expr]) -> Eq:
    bound = {limit.args[1] for limit in statement.atoms(Limit)}
    free = {symbol: value for symbol, value in chosen.items() if symbol not in bound}
    return Eq(*(side.subs(free) for side in statement.args), evaluate=False) if free else statement
