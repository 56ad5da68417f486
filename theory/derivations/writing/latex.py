"""Derivations as LaTeX: a fragment for a notebook, a section, and an article that compiles as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import sympy
from sympy import Add, Eq
from sympy.core.function import AppliedUndef
from sympy.printing.latex import LatexPrinter

from ..steps.lines import Chain, Rejected
from .page import Page, page, sentence, shown
from .prose import LETTER, pieces

LONG = 220
PREAMBLE = r"""\documentclass[11pt]{article}
\usepackage[a4paper,margin=25mm]{geometry}
\usepackage{amsmath,amssymb,graphicx}
\newsavebox{\statementbox}
% A statement that is too wide for the line is set smaller.
\newcommand{\statement}[1]{\sbox{\statementbox}{$\displaystyle #1$}%
  \ifdim\wd\statementbox>0.92\linewidth\resizebox{0.92\linewidth}{!}{\usebox{\statementbox}}%
  \else\usebox{\statementbox}\fi}
\newcommand{\settled}[1]{{\footnotesize\itshape #1}}
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt plus 2pt}
"""
PROVIDED = r"""% Needs \usepackage{amsmath}.
\providecommand{\statement}[1]{#1}
\providecommand{\settled}[1]{{\footnotesize\itshape #1}}
"""
COMMANDS = {sympy.Symbol("nabla"): r"\nabla"}
DOTS = (r"\dot", r"\ddot")
SPECIAL = {
    "\\": r"\textbackslash{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    **{character: f"${character}$" for character in "<>|"},
    "~": r"\textasciitilde{}",
}


def formula(expression: Any) -> str:
    r"""LaTeX of an expression.

    Examples
    --------
    >>> from linmod.theory.symbolic.symbols import lam
    >>> formula(lam**2)
    '\\lambda^{2}'
    """
    return str(_Printer({"mat_delim": "(", "symbol_names": COMMANDS}).doprint(shown(expression)))


class _Printer(LatexPrinter):  # type: ignore[misc]
    """Functions and their rates of change as they are written by hand."""

    def _print_Function(self, expression: Any, exp: str | None = None) -> str:
        if not isinstance(expression, AppliedUndef):
            return str(super()._print_Function(expression, exp))
        name = self._print(sympy.Symbol(expression.func.__name__))
        power = "" if exp is None else f"^{{{exp}}}"
        return f"{name}{power}({', '.join(self._print(argument) for argument in expression.args)})"

    def _print_Derivative(self, expression: Any) -> str:
        function = expression.expr
        if not isinstance(function, AppliedUndef) or [str(a) for a in function.args] != ["t"]:
            return str(super()._print_Derivative(expression))
        order = expression.derivative_count
        if order > len(DOTS):
            return str(super()._print_Derivative(expression))
        return f"{DOTS[order - 1]}{{{self._print(sympy.Symbol(function.func.__name__))}}}(t)"


def equation(statement: Eq) -> str:
    """LaTeX of a statement; a long sum on the right is broken into lines."""
    left, right = (formula(side) for side in statement.args)
    if len(right) <= LONG or not isinstance(statement.rhs, Add):
        return f"{left} = {right}"
    terms = [formula(term) for term in statement.rhs.as_ordered_terms()]
    signed = [terms[0], *(term if term.startswith("-") else f"+ {term}" for term in terms[1:])]
    lines = _lines(signed)
    return r"\begin{aligned} " + f"{left} ={{}}& " + r" \\ &\quad ".join(lines) + r" \end{aligned}"


def fragment(shown_page: Page) -> str:
    """One derivation as a section for a paper that loads amsmath: it defines what the paper does not."""
    return f"{PROVIDED}{section(shown_page)}"


def section(shown_page: Page) -> str:
    """One derivation as a section of the article."""
    derivation = shown_page.derivation
    symbols = [
        rf"\item ${formula(symbol)}$: {plain(meaning)} ({plain(kind)})"
        for symbol, kind, meaning in shown_page.declared()
    ]
    conditions = "; ".join(f"${formula(condition)}$" for condition in derivation.where)
    return "\n".join(
        (
            rf"\section{{{plain(derivation.title)}}}\label{{sec:{derivation.name}}}",
            plain(derivation.about),
            rf"\emph{{Source: {plain(derivation.source)}.}}",
            *((f"\nWhere {conditions}.",) if conditions else ()),
            r"\begin{itemize}\setlength{\itemsep}{0pt}",
            *symbols,
            r"\end{itemize}",
            *_steps(shown_page),
        )
    )


def article(pages: Iterable[Page]) -> str:
    """An article of all derivations, complete with preamble."""
    sections = "\n\n".join(section(shown_page) for shown_page in pages)
    opening = r"\title{Derivations}\author{}\date{}\begin{document}\maketitle\tableofcontents"
    return f"{PREAMBLE}{opening}\n\n{sections}\n\n\\end{{document}}\n"


def notebook(derivation: Chain) -> str:
    """All statements as one block of displayed mathematics, for a notebook."""
    shown_page = page(derivation)
    rows = (
        rf"\text{{{plain(line.name)}}} &: \quad {formula(statement.lhs)} = {formula(statement.rhs)}"
        for line, statement, _ in shown_page.rows()
        if not isinstance(line, Rejected)
    )
    return "$\\displaystyle \\begin{aligned} " + " \\\\ ".join(rows) + " \\end{aligned}$"


def plain(text: str) -> str:
    r"""Text for LaTeX: special characters escaped, Greek letters and indexed symbols as mathematics.

    Examples
    --------
    >>> plain("delta & 50% of k_x")
    '$\\delta$ \\& 50\\% of $k_{x}$'
    """
    return "".join(_symbol(part) if is_formula else _escaped(part) for part, is_formula in pieces(text))


def _escaped(text: str) -> str:
    escaped = "".join(SPECIAL.get(character, character) for character in text)
    return re.sub(r"\^(-?\w+)", r"$^{\1}$", escaped).replace("^(", r"\textasciicircum(")


def _symbol(text: str) -> str:
    if text.startswith("^("):
        return "$^{" + re.sub(LETTER, r"\\\g<0>", text[2:-1]) + "}$"
    name, star, power = text.partition("*")
    raised = f"^{{*{power.removeprefix('^')}}}" if star else ""
    return f"${formula(sympy.Symbol(name))}{raised}$"


def _steps(shown_page: Page) -> Iterable[str]:
    name = shown_page.derivation.name
    for line, statement, outcome in shown_page.rows():
        heading = f"Rejected: {line.name}" if isinstance(line, Rejected) else line.name[0].upper() + line.name[1:]
        label = rf"\label{{eq:{name}:{''.join(c if c.isalnum() else '-' for c in line.name)}}}"
        yield rf"\paragraph{{{plain(heading)}.}} {plain(line.why)}"
        yield rf"\begin{{equation}}{label}\statement{{{equation(statement)}}}\end{{equation}}"
        yield rf"\settled{{{plain(sentence(line, outcome))}}}"


def _lines(terms: list[str]) -> list[str]:
    lines = [terms[0]]
    for term in terms[1:]:
        if len(lines[-1]) + len(term) > LONG:
            lines.append(term)
        else:
            lines[-1] += f" {term}"
    return lines
