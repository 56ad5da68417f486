"""Derivations as HTML with MathML: readable in a browser without scripts, fonts or a network."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape, unescape
from typing import Any

from sympy import Eq
from sympy.printing.mathml import mathml

from .derivation import Derivation, Given, Rejected
from .page import Page, how, page, shown

STYLE = """
body { max-width: 56rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 Georgia, serif; color: #222; }
section.step { margin: 1rem 0; padding-left: 1rem; border-left: 3px solid #7a9; }
section.given { border-color: #aaa; } section.rejected { border-color: #c33; }
.settled { color: #666; font-size: .85rem; } math[display=block] { overflow-x: auto; padding: .4rem 0; }
h3 { margin: 0; font-size: 1rem; } table { border-collapse: collapse; }
td { padding: .1rem .8rem .1rem 0; vertical-align: top; }
"""
MARKUP = ("lt", "gt", "amp", "quot", "apos")
NAMES = {"pi": "&#x3c0;", "trace": "tr", "varphi": "&#x3c6;", "kappa": "&#x3ba;"}


def formula(expression: Any) -> str:
    """Presentation MathML of an expression.

    Examples
    --------
    >>> from linmod.theory.symbols import lam
    >>> formula(lam**2)
    '<msup><mi>&#955;</mi><mn>2</mn></msup>'
    """
    text: str = mathml(shown(expression), printer="presentation")
    text = re.sub(
        r"&(\w+);", lambda entity: entity.group() if entity.group(1) in MARKUP else unescape(entity.group()), text
    )
    for name, symbol in NAMES.items():
        text = text.replace(f"<mi>{name}</mi>", f"<mi>{symbol}</mi>")
    return re.sub(r"<mi>(\w)dot</mi>", r"<mover><mi>\1</mi><mo>&#x2d9;</mo></mover>", text)


def equation(statement: Eq) -> str:
    """A displayed statement."""
    left, right = (formula(side) for side in statement.args)
    return f'<math display="block"><mrow>{left}<mo>=</mo>{right}</mrow></math>'


def section(derivation: Derivation | Page) -> str:
    """One derivation as a fragment of HTML."""
    shown_page = derivation if isinstance(derivation, Page) else page(derivation)
    made = shown_page.derivation
    rows = "".join(
        f"<tr><td><math>{formula(symbol)}</math></td><td>{escape(meaning)}</td><td>{escape(kind)}</td></tr>"
        for symbol, kind, meaning in shown_page.declared()
    )
    where = "; ".join(f"<math>{formula(condition)}</math>" for condition in made.where)
    return "\n".join(
        (
            f"<h2>{escape(made.title)}</h2>",
            f"<p>{escape(made.about)}</p><p><em>Source: {escape(made.source)}.</em></p>",
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
        heading = f"Rejected: {line.name}" if kind == "rejected" else line.name
        yield (
            f'<section class="step {kind}"><h3>{escape(heading)}</h3><p>{escape(line.why)}</p>{equation(statement)}'
            f'<p class="settled">{escape(how(line, outcome))}.</p></section>'
        )
