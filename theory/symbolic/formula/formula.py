"""A formula: what it says, of which quantity, and in which form."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ....validation import choice
from .latex import is_latex, read_latex
from .limits import FormulaError, check_text
from .nodes import Node, names
from .text import read_text

if TYPE_CHECKING:
    from sympy import Expr

OF = {
    "mode": "strength of a mode over time",
    "norm": "Frobenius norm of a block of the input-output map over time",
    "loss": "loss over time",
    "systematicity": "share of the sign inputs in the map to the sign outputs",
    "half_time": "time at which a mode is half learned",
    "held_out": "error on held-out items after learning, of the sign outputs",
    "final": "strength of a mode after learning",
}
"""The quantities that a formula may predict."""

EXPLICIT, IMPLICIT, FLOW, RECURSION = "explicit", "implicit", "flow", "recursion"
LEFT = (
    (FLOW, re.compile(r"d\s*pi\s*/\s*dt|pi'|\\dot\s*\\pi|\\dot\{\\pi\}|\\frac\{d\s*\\pi\}\{d\s*t\}|dot\(pi\)")),
    (RECURSION, re.compile(r"pi_next|pi\[n\s*\+\s*1\]|pi\(n\s*\+\s*1\)|\\pi_\{n\s*\+\s*1\}")),
    (IMPLICIT, re.compile(r"t|t_\{?1/2\}?|t_half|t_\{1/2\}")),
)
FORMS = {
    EXPLICIT: "value",
    IMPLICIT: "time at which the strength pi is reached",
    FLOW: "rate of change of the strength pi",
    RECURSION: "strength after the next step",
}
BLOCKS = ("omega_x", "gamma_x"), ("omega_y", "gamma_y")


@dataclass(frozen=True, eq=False)
class Formula:
    r"""A formula as a prediction.

    Parameters
    ----------
    text : str or sympy expression
        Plain text, LaTeX or sympy, in the symbols that ``linmod symbols`` lists. Nothing in a text is ever run. With a
        left side it is an equation: ``t = ...`` gives the time at which the strength ``pi`` is reached,
        ``dpi/dt = ...`` the reduced flow, and ``pi_next = ...`` the reduced descent.
    of : str, default "mode"
        What it predicts: "mode", "norm", "loss", "systematicity", "half_time", "held_out" or "final".
    block : pair of str, optional
        Of a norm, its input block and its output block.

    Raises
    ------
    FormulaError
        If the text is no formula, is too large, or uses unknown symbols; the message has near matches.
    TypeError, ValueError
        If `of` or `block` is not known.

    See Also
    --------
    linmod.check : Learn whether it holds.
    linmod.book : The formulas that are known.

    Examples
    --------
    >>> formula = Formula(r"\frac{\lambda}{\delta} (1 - e^{-\delta t})")
    >>> print(formula)
    lam/delta*(1 - exp(-delta*t))
    >>> sorted(formula.symbols)
    ['delta', 'lam', 't']
    """

    text: Any
    of: str = field(default="mode", kw_only=True)
    block: tuple[str, str] | None = field(default=None, kw_only=True)
    form: str = field(init=False, repr=False, default=EXPLICIT)
    tree: Node = field(init=False, repr=False)

    def __post_init__(self) -> None:
        choice("of", self.of, OF)
        self._check_block()
        form, tree = read(self.text)
        if self.of == "half_time" and form == IMPLICIT and "pi" not in names(tree):
            form = EXPLICIT
        if form != EXPLICIT and self.of != "mode":
            raise FormulaError(f"an equation for {FORMS[form]} is a formula of a mode, not of={self.of!r}")
        if form in (IMPLICIT, FLOW, RECURSION) and "pi" not in names(tree):
            raise FormulaError(f"the {FORMS[form]} must depend on the strength pi")
        if form == EXPLICIT and "pi" in names(tree):
            raise FormulaError("pi is the strength itself, which a formula for it may not use; the start is pi0")
        object.__setattr__(self, "form", form)
        object.__setattr__(self, "tree", tree)

    def _check_block(self) -> None:
        if self.of != "norm":
            if self.block is not None:
                raise ValueError(f"block is for of='norm', got of={self.of!r}")
            return
        if self.block is None:
            raise ValueError("block must be given for of='norm', such as ('omega_x', 'omega_y')")
        object.__setattr__(self, "block", tuple(self.block))
        if len(self.block) != 2:
            raise ValueError(f"block must be an input block and an output block, got {self.block!r}")

    @property
    def symbols(self) -> frozenset[str]:
        """Names of the symbols that it uses."""
        return names(self.tree)

    @property
    def expression(self) -> Expr:
        """The formula as a sympy expression in positive symbols."""
        from .expressions import to_sympy

        return to_sympy(self.tree)

    def __str__(self) -> str:
        left = {EXPLICIT: "", IMPLICIT: "t = ", FLOW: "dpi/dt = ", RECURSION: "pi_next = "}[self.form]
        return f"{left}{self.tree}"

    def __repr__(self) -> str:
        return f"Formula({str(self)!r}, of={self.of!r})"


def read(text: Any) -> tuple[str, Node]:
    """The form and the tree of a formula as text, LaTeX or sympy."""
    if not isinstance(text, str):
        from .expressions import of_sympy

        return EXPLICIT, of_sympy(text)
    check_text(text)
    left, sign, right = text.strip().strip("$").partition("=")
    if not sign:
        return EXPLICIT, _tree(left)
    if "=" in right:
        raise FormulaError("a formula has at most one =")
    return _form(left.strip()), _tree(right)


def _form(left: str) -> str:
    for form, pattern in LEFT:
        if pattern.fullmatch(left):
            return form
    if left in ("pi", "pi(t)", "\\pi", "\\pi(t)", "a", "a(t)", "loss", "L", "pi(n)", "\\pi_n", "pi_n"):
        return EXPLICIT
    raise FormulaError(
        f"the left side {left[:30]!r} is not known; it may be pi, t (a time to reach pi), dpi/dt or pi_next"
    )


def _tree(text: str) -> Node:
    return read_latex(text) if is_latex(text) else read_text(text)
