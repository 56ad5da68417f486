"""The closed forms as sympy expressions, their symbols, and equality settled by the machine."""

from .modes import *  # noqa: F403
