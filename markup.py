"""HTML for notebooks: titles, facts, tables and small curves, with every text escaped."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape

import numpy as np

from .validation import FloatArray

WIDTH, HEIGHT, POINTS = 120, 22, 60
LEFT = "text-align:left"


def card(title: str, *parts: str) -> str:
    """Put a title above parts that are HTML already.

    Examples
    --------
    >>> card("a < b", paragraph("right"))
    '<div><b>a &lt; b</b><p>right</p></div>'
    """
    return f"<div><b>{escape(title)}</b>{''.join(parts)}</div>"


def paragraph(text: str) -> str:
    """Return a text as a paragraph."""
    return f"<p>{escape(text)}</p>"


def items(lines: Iterable[str]) -> str:
    """Return lines of text as a list."""
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def facts(named: Mapping[str, str]) -> str:
    """Return a table with one name and its text in each row."""
    rows = (
        f'<tr><th style="{LEFT}">{escape(name)}</th><td style="{LEFT}">{escape(text)}</td></tr>'
        for name, text in named.items()
    )
    return f"<table><tbody>{''.join(rows)}</tbody></table>"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], curves: Sequence[FloatArray] = ()) -> str:
    """Return a table of texts, with one curve at the end of each row where there are curves.

    Examples
    --------
    >>> print(table(["mode"], [["<a>"]]))
    <table><thead><tr><th style="text-align:left">mode</th></tr></thead><tbody><tr><td style="text-align:left">&lt;a&gt;</td></tr></tbody></table>
    """  # noqa: E501
    head = "".join(f'<th style="{LEFT}">{escape(text)}</th>' for text in header)
    cells = ["".join(f'<td style="{LEFT}">{escape(text)}</td>' for text in row) for row in rows]
    ends = [f"<td>{curve(values)}</td>" for values in curves] or [""] * len(cells)
    body = "".join(f"<tr>{cell}{end}</tr>" for cell, end in zip(cells, ends, strict=True))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def curve(values: FloatArray) -> str:
    """Return values as a small curve from their smallest to their largest; nothing if they are not finite."""
    chosen = values[np.unique(np.linspace(0, len(values) - 1, POINTS).round().astype(int))]
    low, high = float(np.min(chosen)), float(np.max(chosen))
    if not math.isfinite(high - low):
        return ""
    across = np.linspace(1, WIDTH - 1, len(chosen))
    down = HEIGHT - 2 - (chosen - low) / ((high - low) or 1.0) * (HEIGHT - 4)
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, down, strict=True))
    return (
        f'<svg width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="course over time">'
        f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-width="1.2"/></svg>'
    )
