"""Derivations as text: for the terminal, as Markdown, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from textwrap import fill, indent

import sympy
from sympy import Eq

from ..steps.lines import Rejected
from .latex import formula
from .page import Page, sentence, shown


def terminal(shown_page: Page, width: int = 100) -> Iterator[tuple[str, str]]:
    """Paragraphs of a derivation, each with the role in which it is to be shown."""
    derivation = shown_page.derivation
    yield "title", derivation.title
    yield "text", f"{_wrapped(derivation.about, width)}\n{_wrapped(f'Source: {derivation.source}.', width)}"
    symbols = (
        _wrapped(f"{_pretty(symbol, width):12} {meaning} ({kind})", width, "  ", " " * 15)
        for symbol, kind, meaning in shown_page.declared()
    )
    yield "quiet", "\n".join(symbols)
    if derivation.where:
        conditions = ", ".join(str(shown(condition)) for condition in derivation.where)
        yield "text", _wrapped(f"Where {conditions}.", width)
    for number, (line, statement, outcome) in enumerate(shown_page.rows(), start=1):
        rejected = isinstance(line, Rejected)
        yield "rejected" if rejected else "step", f"{number}. {'rejected: ' if rejected else ''}{line.name}"
        yield "text", _wrapped(line.why, width)
        yield "formula", indent(_pretty(Eq(*map(shown, statement.args), evaluate=False), width - 4), "    ")
        numbers = _numerical(statement) if shown_page.values else ""
        if numbers:
            yield "formula", f"    = {numbers}"
        yield "quiet", f"{_wrapped(sentence(line, outcome), width)}\n"


def markdown(shown_page: Page) -> str:
    """A derivation in Markdown, with mathematics between dollar signs."""
    derivation = shown_page.derivation
    lines = [f"# {derivation.title}", derivation.about, f"Source: {derivation.source}."]
    lines.append(
        "\n".join(f"- ${formula(symbol)}$: {meaning} ({kind})" for symbol, kind, meaning in shown_page.declared())
    )
    if derivation.where:
        lines.append("Where " + ", ".join(f"${formula(condition)}$" for condition in derivation.where) + ".")
    for number, (line, statement, outcome) in enumerate(shown_page.rows(), start=1):
        rejected = "rejected: " if isinstance(line, Rejected) else ""
        lines.append(f"## {number}. {rejected}{line.name}")
        equation = f"$$ {formula(statement.lhs)} = {formula(statement.rhs)} $$"
        lines += [line.why, equation, f"*{sentence(line, outcome)}*"]
    return "\n\n".join(lines) + "\n"


def as_json(pages: Iterable[Page]) -> str:
    """Derivations as JSON: each line with its statement as text and as LaTeX, and how it was settled."""
    return json.dumps([_record(shown_page) for shown_page in pages], indent=2, ensure_ascii=False)


def _record(shown_page: Page) -> dict[str, object]:
    derivation = shown_page.derivation
    return {
        "name": derivation.name,
        "title": derivation.title,
        "source": derivation.source,
        "about": derivation.about,
        "where": [str(condition) for condition in derivation.where],
        "values": {str(symbol): str(value) for symbol, value in shown_page.values.items()},
        "symbols": [
            {"symbol": str(symbol), "domain": kind, "meaning": meaning}
            for symbol, kind, meaning in shown_page.declared()
        ],
        "lines": [
            {
                "name": line.name,
                "kind": type(line).__name__.lower(),
                "left": str(statement.lhs),
                "right": str(statement.rhs),
                "latex": f"{formula(statement.lhs)} = {formula(statement.rhs)}",
                "why": line.why,
                "uses": list(line.uses),
                "settled": outcome.settled,
                "points": [{str(symbol): str(value) for symbol, value in point.items()} for point in outcome.points],
            }
            for line, statement, outcome in shown_page.rows()
        ],
    }


def _wrapped(text: str, width: int, first: str = "", later: str = "") -> str:
    """Text in lines that end between words."""
    return fill(
        text,
        width,
        initial_indent=first,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
    )


def _pretty(expression: object, width: int) -> str:
    return str(sympy.pretty(shown(expression), use_unicode=True, num_columns=width))


def _numerical(statement: Eq) -> str:
    right = statement.rhs
    if right.is_Matrix or not right.is_number or not right.is_finite:
        return ""
    value = sympy.N(right)
    return f"{float(value):.6g}" if value.is_Number else ""
