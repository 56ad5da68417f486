"""Entries in the languages of other programs, by sympy's printers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import sympy

from ....validation import choice
from .. import glossary

if TYPE_CHECKING:
    from .entry import Entry

NAMED = {name: term.latex for name, term in glossary.BY_NAME.items() if term.latex}
WRITERS = {"javascript": sympy.jscode, "julia": sympy.julia_code, "python": sympy.pycode}


def exported(entry: Entry, style: str) -> str:
    r"""The formula of an entry in a language.

    Examples
    --------
    >>> from . import book
    >>> exported(book["final-strength"], "latex")
    '\\frac{\\lambda}{\\delta}'
    >>> print(exported(book["half-time-two-layer"], "javascript"))
    function half_time_two_layer(delta, lam, pi0) {
        return (1/2)*Math.log(-1 + lam/(delta*pi0))/lam;
    }
    """
    choice("style", style, ("json", "latex", *WRITERS))
    if style == "json":
        return json.dumps(_table(entry), indent=2, ensure_ascii=False)
    if style == "latex":
        return _latex(entry)
    try:
        body = WRITERS[style](entry.expression)
    except NotImplementedError as error:
        raise ValueError(f"{entry.name} cannot be written in {style}: {error}") from None
    if "Not supported" in body:
        raise ValueError(f"{entry.name} cannot be written in {style}: it has no function for it")
    return _function(entry, style, body)


def _latex(entry: Entry) -> str:
    names = {symbol: NAMED[symbol.name] for symbol in entry.expression.free_symbols if symbol.name in NAMED}
    return str(sympy.latex(entry.expression, symbol_names=names))


def _function(entry: Entry, style: str, body: str) -> str:
    name, arguments = entry.name.replace("-", "_"), ", ".join(entry.symbols)
    if style == "javascript":
        return f"function {name}({arguments}) {{\n    return {body};\n}}"
    if style == "julia":
        return f"{name}({arguments}) = {body}"
    imports = "import math\n\n\n" if "math." in body else ""
    return f"{imports}def {name}({arguments}):\n    return {body}"


def _table(entry: Entry) -> dict[str, object]:
    return {
        "name": entry.name,
        "title": entry.title,
        "of": entry.of,
        "kind": entry.kind,
        "expression": str(entry.expression),
        "latex": _latex(entry),
        "symbols": entry.symbols,
        "assumptions": entry.assumptions,
        "source": entry.source,
        "derivation": entry.derivation,
        "numerical": entry.numerical,
    }
