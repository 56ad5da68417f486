"""One entry of the book of formulas. Nothing here loads sympy before an expression is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..glossary import BY_NAME

if TYPE_CHECKING:
    from sympy import Expr

FORMATS = ("latex", "python", "javascript", "julia", "json")


@dataclass(frozen=True, eq=False)
class Entry:
    """A closed form with a permanent name.

    Attributes
    ----------
    name : str
        Lower-case words joined by hyphens; it never changes.
    title : str
    of : str
        The quantity that it gives: one of the kinds of :class:`linmod.Formula`, or another word.
    form : str
        Dotted name of the function that makes the sympy expression.
    assumptions : str
    source : str
    derivation : str
        Name of the derivation that checks it (``linmod derive NAME``); empty if there is none.
    numerical : str
        Dotted name of the function that computes it; empty if there is none.
    arguments : tuple of str and int
        The symbols and numbers that the function takes, in its order; empty if it takes other arguments.
    kind : str
        "value", or "time", "flow" and "recursion" for a formula of the time at which a strength is reached, of its rate
        of change, and of its value after the next step.
    layers : int
        Of a formula of a mode, the number of layers for which it holds; 0 for any.
    training : str
        Of a formula of a mode, "flow" or "descent"; empty where it does not matter.
    meanings : mapping of str to str
        Of symbols that mean something else here than in the glossary.

    See Also
    --------
    linmod.book : All entries.
    """

    name: str
    title: str
    of: str
    form: str
    assumptions: str
    source: str
    derivation: str
    numerical: str
    arguments: tuple[str | int, ...] = ()
    kind: str = "value"
    layers: int = 0
    training: str = ""
    meanings: Mapping[str, str] = field(default_factory=dict, repr=False)

    @cached_property
    def expression(self) -> Expr:
        """The formula as a sympy expression."""
        return resolved(self.form)()

    @cached_property
    def symbols(self) -> dict[str, str]:
        """The meaning of each of its symbols."""
        names = sorted(str(found) for found in self.expression.free_symbols)
        return {name: self.meanings.get(name) or BY_NAME[name].meaning for name in names}

    @property
    def function(self) -> Any:
        """The function that computes it; None if there is none."""
        return resolved(self.numerical) if self.numerical else None

    def export(self, style: str) -> str:
        """Write the formula for another program.

        Parameters
        ----------
        style : {"latex", "python", "javascript", "julia", "json"}

        Returns
        -------
        str

        Raises
        ------
        ValueError
            If the style is not known.

        See Also
        --------
        Entry.expression : The sympy expression.
        """
        from .exports import exported

        return exported(self, style)

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.title}", "", f"  {self.expression}", ""]
        lines += [f"  {symbol}: {meaning}" for symbol, meaning in self.symbols.items()]
        checked = f"linmod derive {self.derivation}" if self.derivation else "none; it is compared with training"
        lines += [f"assumptions: {self.assumptions}", f"source: {self.source}", f"derivation: {checked}"]
        return "\n".join([*lines, f"computed by: {self.numerical or 'no function'}"])


def resolved(dotted: str) -> Any:
    """The object of a dotted name."""
    module, _, name = dotted.rpartition(".")
    return getattr(import_module(module), name)
