"""Running text: where it holds formulas, which printers set as such."""

from __future__ import annotations

import re
from collections.abc import Iterator

NAMES = "alpha beta gamma delta epsilon theta kappa lambda mu nu pi rho sigma tau nabla Gamma Sigma Omega"
GREEK = tuple(NAMES.split(" "))
LETTER = rf"\b(?:{'|'.join(GREEK)})\b"
FORMULA = re.compile(rf"\^\([^()]*\)|(?:{LETTER}|\blam\b)(?:\*?\^-?\w+|\*|_-?\w+|0\b)?|\b\w+(?:[_^]-?\w+)+|\bpi0\b")


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Parts of a text, and of each whether it is a formula: a Greek letter, an indexed symbol, a power.

    Examples
    --------
    >>> list(pieces("half of k_x"))
    [('half of ', False), ('k_x', True), ('', False)]
    """
    end = 0
    for found in FORMULA.finditer(text):
        yield text[end : found.start()], False
        yield re.sub(r"\blam\b", "lambda", found.group()), True
        end = found.end()
    yield text[end:], False
