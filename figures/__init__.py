"""The claims of the papers, each with a check and a picture."""

from .catalogue import CATALOGUE, select

__all__ = ["CATALOGUE", "select"]
