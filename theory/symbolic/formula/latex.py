r"""Formulas from LaTeX: a strict subset, in which letters are the symbols of the theory.

General parsers of LaTeX read :math:`\lambda(t - t_0)` as a function of t, and :math:`\pi^*` as a power of 3.14159;
here a letter is a symbol of the theory or an error, and a product needs no sign.
"""

from __future__ import annotations

import re

from ..glossary import SPELLINGS, canonical
from .limits import ARITY, DEEPEST, SAME, Clock, FormulaError, check_text, check_tree, read_number
from .nodes import Node, add, call, div, mul, neg, number, power, symbol

TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d*)?|\.\d+|[A-Za-z]'?|\S")
IGNORED = {r"\left", r"\right", r"\,", r"\;", r"\:", r"\!", r"\quad", r"\displaystyle", r"\big", r"\Big", r"\bigl"}
IGNORED |= {r"\bigr", r"\Bigl", r"\Bigr", r"\bigg", r"\Bigg", r"\mathrm", r"\text", r"\mathit", r"\operatorname", "$"}
TIMES = {"*", r"\cdot", r"\times"}
FRACTIONS = {r"\frac", r"\dfrac", r"\tfrac"}
STARS = {"*", r"\star", r"\ast", r"\infty"}
CLOSING = {")": "(", "]": "[", "}": "{", r"\}": r"\{"}
OPENING = {"(": ")", "[": "]", r"\{": r"\}", "|": "|"}
ENDS = {"+", "-", "=", *CLOSING, "|", ",", "/", "", *TIMES}
PLAIN = {r"\varphi": "phi", r"\varepsilon": "epsilon"}


def is_latex(text: str) -> bool:
    """Whether a text is LaTeX, which a backslash or a brace tells."""
    return "\\" in text or "{" in text


def read_latex(text: str) -> Node:
    r"""Read a formula as LaTeX.

    Parameters
    ----------
    text : str
        Fractions, roots, powers, the usual functions, and products with or without a sign.

    Returns
    -------
    Node

    Raises
    ------
    FormulaError
        If it is anything else; the message says what.

    Examples
    --------
    >>> print(read_latex(r"\frac{\lambda}{\delta}\left(1 - e^{-\delta t}\right)"))
    lam/delta*(1 - exp(-delta*t))
    """
    check_text(text)
    reader = _Reader([token for token in TOKEN.findall(text) if token not in IGNORED])
    tree = reader.sum(0)
    if reader.next:
        raise FormulaError(f"{reader.next!r} is not allowed here in a formula")
    return check_tree(tree)


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens, self._at, self._clock = tokens, 0, Clock()

    @property
    def next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.next
        if not token or (wanted and token != wanted):
            raise FormulaError(f"{wanted or 'something'!r} is missing before {token or 'the end'!r}")
        self._at += 1
        return token

    def sum(self, depth: int) -> Node:
        self._clock.check()
        if depth > DEEPEST:
            raise FormulaError(f"the formula nests more than {DEEPEST} operations")
        terms = [self._signed(depth)]
        while self.next in ("+", "-"):
            sign = self.take()
            term = self._signed(depth)
            terms.append(term if sign == "+" else neg(term))
        return add(*terms)

    def _signed(self, depth: int) -> Node:
        minus = False
        while self.next in ("+", "-"):
            minus ^= self.take() == "-"
        term = self._product(depth)
        return neg(term) if minus else term

    def _product(self, depth: int) -> Node:
        total = self._factor(depth)
        while self.next not in ENDS or self.next in TIMES or self.next == "/":
            if self.next in TIMES:
                self.take()
                total = _times(total, self._factor(depth))
            elif self.next == "/":
                self.take()
                total = div(total, self._factor(depth))
            else:
                total = _times(total, self._factor(depth))
        return total

    def _factor(self, depth: int) -> Node:
        if self.next == "-":
            self.take()
            return neg(self._factor(depth + 1))
        base = self._base(depth + 1)
        while self.next == "^":
            self.take()
            exponent = self._group(depth + 1)
            base = call("exp", exponent) if base == call("exp", number(1)) else power(base, exponent)
        return base

    def _base(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise FormulaError(f"the formula nests more than {DEEPEST} operations")
        token = self.take()
        if token in OPENING:
            inner = self.sum(depth)
            self.take(OPENING[token])
            return call("abs", inner) if token == "|" else inner
        if token == "{":
            inner = self.sum(depth)
            self.take("}")
            return inner
        if token in FRACTIONS:
            return div(self._group(depth), self._group(depth))
        if token == r"\sqrt":
            return self._root(depth)
        if token[0].isdigit() or token[0] == ".":
            return number(read_number(token))
        name = token.lstrip("\\")
        if token.startswith("\\") and SAME.get(name, name) in ARITY:
            return self._call(SAME.get(name, name), depth)
        return self._symbol(token)

    def _group(self, depth: int) -> Node:
        """What is in braces, or the next sign."""
        if self.next == "{":
            return self._base(depth + 1)
        if self.next == "-":
            raise FormulaError("an exponent with a sign needs braces")
        if self.next and self.next[0].isdigit() and len(self.next) > 1:
            raise FormulaError(f"{self.next!r} needs braces")
        return self._base(depth + 1)

    def _root(self, depth: int) -> Node:
        if self.next != "[":
            return call("sqrt", self._group(depth))
        self.take()
        degree = self.sum(depth)
        self.take("]")
        return power(self._group(depth), div(number(1), degree))

    def _call(self, name: str, depth: int) -> Node:
        if ARITY[name] != 1:
            raise FormulaError(f"{name} cannot be written in LaTeX")
        exponent = None
        if self.next == "^":
            self.take()
            exponent = self._group(depth)
            if exponent == number(-1):
                raise FormulaError(f"the power -1 of {name} has two meanings; write the inverse function by its name")
        if self.next in ("(", "[", r"\{", "{"):
            result = call(name, self._base(depth))
        else:
            inner = self._factor(depth + 1)
            while self.next not in ENDS and SAME.get(self.next[1:], self.next[1:]) not in ARITY:
                inner = _times(inner, self._factor(depth + 1))
            result = call(name, inner)
        return result if exponent is None else power(result, exponent)

    def _symbol(self, token: str) -> Node:
        name = PLAIN.get(token, token.lstrip("\\"))
        if not re.fullmatch(r"[A-Za-z]+", name):
            raise FormulaError(f"{token!r} is not allowed in a formula")
        if name == "e":
            return call("exp", number(1))
        subscript = self._script("_")
        if self.next == "^" and self._star_follows():
            self._script("^")
            subscript = "star"
        if name == "lambda":
            name = "lam"
        elif name == "pi" and subscript == "infty":
            subscript = "star"
        spelled = f"{name}_{subscript}" if subscript else name
        if subscript and spelled not in SPELLINGS and subscript in ("alpha", "i", "a", "c", "k"):
            spelled = name
        if token.startswith("\\") and name not in SPELLINGS and spelled not in SPELLINGS:
            raise FormulaError(f"{token} is not a known function or symbol")
        try:
            return symbol(canonical(spelled))
        except ValueError as error:
            raise FormulaError(str(error)) from None

    def _star_follows(self) -> bool:
        following = self._tokens[self._at + 1 : self._at + 4]
        if not following:
            return False
        return following[0] in STARS or (len(following) == 3 and following[0] == "{" and following[1] in STARS)

    def _script(self, sign: str) -> str:
        """What stands below or above a letter: letters and digits alone."""
        if self.next != sign:
            return ""
        self.take()
        if self.next != "{":
            return self.take().lstrip("\\")
        self.take()
        parts = []
        while self.next not in ("}", ""):
            parts.append(self.take().lstrip("\\"))
        self.take("}")
        text = "".join(parts)
        if not re.fullmatch(r"[A-Za-z0-9*]{1,12}", text):
            raise FormulaError(f"the subscript {text[:20]!r} is not allowed in a formula")
        return text


def _times(left: Node, right: Node) -> Node:
    return mul(*(left.args if left.kind == "mul" else (left,)), right)
