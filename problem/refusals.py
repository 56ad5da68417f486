"""The two ways in which a problem has no answer."""

from __future__ import annotations

__all__ = ["Divergence", "NoClosedForm"]


class NoClosedForm(ValueError):  # noqa: N818
    """No closed form is known for this problem; the message says why."""


class Divergence(ArithmeticError):  # noqa: N818
    """Training diverged to non-finite values; the message says when, and names the largest stable step."""
