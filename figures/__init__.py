"""The papers' claims and figures, each one a check and a picture."""

from .catalogue import select
from .entries import Entry
from .listing import CATALOGUE

__all__ = ["CATALOGUE", "Entry", "select"]
