"""Derivations as HTML with MathML: readable in a browser without scripts, fonts or a network."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape, unescape
from typing import Any

import sympy
from sympy import Eq, MatMul, Mul, Symbol
from sympy.core.function import AppliedUndef
from sympy.printing.mathml import MathMLPresentationPrinter, mathml
from sympy.printing.precedence import PRECEDENCE

from ..steps.lines import Chain, Given, Rejected
from .page import Page, page, sentence, shown
from .prose import LETTER, pieces

STYLE = """
body { max-width: 56rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 Georgia, serif; color: #222; }
section.step { margin: 1rem 0; padding-left: 1rem; border-left: 3px solid #7a9; }
section.given { border-color: #aaa; } section.rejected { border-color: #c33; }
.settled { color: #666; font-size: .85rem; } math[display=block] { overflow-x: auto; padding: .4rem 0; }
h3 { margin: 0; font-size: 1rem; } table { border-collapse: collapse; }
td { padding: .1rem .8rem .1rem 0; vertical-align: top; }
"""
MARKUP = ("lt", "gt", "amp", "quot", "apos")
NAMES = {"trace": "tr", "nabla": "&#x2207;", "varphi": "&#x3c6;"}
SIGNS = {
    "<mo>-</mo>": "<mo>&#x2212;</mo>",
    "<mn>-": "<mn>&#x2212;",
    "<mo>(</mo>": '<mo lspace="0" rspace="0">(</mo>',
    "<mo>)</mo>": '<mo lspace="0" rspace="0">)</mo>',
    "<mo>\u2146</mo>": "<mi>d</mi>",
}


def formula(expression: Any) -> str:
    """Presentation MathML of an expression.

    Examples
    --------
    >>> from linmod.theory.symbolic.symbols import lam
    >>> formula(lam**2)
    '<msup><mi>&#955;</mi><mn>2</mn></msup>'
    """
    text = _printed(shown(expression))
    for plain, set_apart in SIGNS.items():
        text = text.replace(plain, set_apart)
    return text


def prose(text: str) -> str:
    """Text as HTML, with Greek letters and indexed symbols as mathematics.

    Examples
    --------
    >>> prose("x < k_y")
    'x &lt; <math><msub><mi>k</mi><mi>y</mi></msub></math>'
    """
    return "".join(_symbol(part) if is_formula else _escaped(part) for part, is_formula in pieces(text))


def _printed(expression: Any) -> str:
    text: str = _Printer({}).doprint(expression)
    text = re.sub(
        r"&(\w+);", lambda entity: entity.group() if entity.group(1) in MARKUP else unescape(entity.group()), text
    )
    text = re.sub(r"<mi>(\w)dot</mi>", r"<mover><mi>\1</mi><mo>&#x2d9;</mo></mover>", text)
    return re.sub(r"<mi>(\w{2,})</mi>", lambda name: _name(name.group(1)), text)


def _name(name: str) -> str:
    """Name of a function or of a part of an index, which sympy prints as it is."""
    text: str = mathml(Symbol(name), printer="presentation")
    return f"<mi>{NAMES[name]}</mi>" if name in NAMES else text


class _Printer(MathMLPresentationPrinter):  # type: ignore[misc]
    """Products of matrices with all numbers in front, as one fraction; functions by their names as they are written."""

    def mathml_tag(self, expression: Any) -> str:
        """Name of a function; sympy's own is in small letters."""
        known: str = super().mathml_tag(expression)
        return str(expression.func.__name__) if isinstance(expression, AppliedUndef) else known

    def _print_MatMul(self, product: MatMul) -> Any:
        factor = Mul(*(part for part in product.args if not part.is_Matrix))
        matrices = MatMul(*(part for part in product.args if part.is_Matrix), evaluate=False)
        if factor in (1, -1) or factor == product:
            return super()._print_MatMul(product)
        row = self.dom.createElement("mrow")
        row.appendChild(self.parenthesize(factor, PRECEDENCE["Mul"], strict=True))
        row.appendChild(super()._print_MatMul(matrices))
        return row


def _escaped(text: str) -> str:
    return re.sub(r"\^(-?\w+)", r"<sup>\1</sup>", escape(text))


def _symbol(text: str) -> str:
    if text.startswith("^("):
        return f"<sup>{re.sub(LETTER, lambda letter: sympy.pretty(Symbol(letter.group())), escape(text[2:-1]))}</sup>"
    name, star, power = text.partition("*")
    symbol = formula(Symbol(name))
    raised = f"<msup>{symbol}<mrow><mo>*</mo><mn>{power.removeprefix('^')}</mn></mrow></msup>" if star else symbol
    return f"<math>{raised}</math>"


def equation(statement: Eq) -> str:
    """A displayed statement."""
    left, right = (formula(side) for side in statement.args)
    return f'<math display="block"><mrow>{left}<mo>=</mo>{right}</mrow></math>'


def section(derivation: Chain | Page) -> str:
    """One derivation as a fragment of HTML."""
    shown_page = derivation if isinstance(derivation, Page) else page(derivation)
    made = shown_page.derivation
    rows = "".join(
        f"<tr><td><math>{formula(symbol)}</math></td><td>{prose(meaning)}</td><td>{escape(kind)}</td></tr>"
        for symbol, kind, meaning in shown_page.declared()
    )
    where = "; ".join(f"<math>{formula(condition)}</math>" for condition in made.where)
    return "\n".join(
        (
            f"<h2>{escape(made.title)}</h2>",
            f"<p>{prose(made.about)}</p><p><em>Source: {prose(made.source)}.</em></p>",
            f"<p>Where {where}.</p>" if where else "",
            f"<table>{rows}</table>",
            *_steps(shown_page),
        )
    )


def document(title: str, body: str) -> str:
    """A complete page."""
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>\n{body}\n</body></html>\n'


def book(pages: Iterable[Page]) -> dict[str, str]:
    """Pages of a book by file name: an index, and one page for each derivation.

    Examples
    --------
    >>> from linmod import derive
    >>> sorted(book([page(derive("shallow"))]))
    ['index.html', 'shallow.html']
    """
    files, entries = {}, []
    for shown_page in pages:
        made = shown_page.derivation
        back = '<p><a href="index.html">All derivations</a></p>'
        files[f"{made.name}.html"] = document(made.title, back + section(shown_page))
        count = f"{len(made.steps)} steps"
        entries.append(
            f'<li><a href="{made.name}.html">{escape(made.title)}</a> <span class="settled">{count}</span></li>'
        )
    files["index.html"] = document("Derivations", f"<h1>Derivations</h1><ol>{''.join(entries)}</ol>")
    return files


def _steps(shown_page: Page) -> Iterable[str]:
    for line, statement, outcome in shown_page.rows():
        kind = "rejected" if isinstance(line, Rejected) else ("given" if isinstance(line, Given) else "follows")
        heading = f"Rejected: {line.name}" if kind == "rejected" else line.name[0].upper() + line.name[1:]
        yield (
            f'<section class="step {kind}"><h3>{prose(heading)}</h3><p>{prose(line.why)}</p>{equation(statement)}'
            f'<p class="settled">{prose(sentence(line, outcome))}</p></section>'
        )
