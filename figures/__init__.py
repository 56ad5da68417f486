"""The claims of the papers, each with a check and a picture."""

from .catalogue import select
from .entries import Entry
from .listing import CATALOGUE

__all__ = ["CATALOGUE", "Entry", "select"]
