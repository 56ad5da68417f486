"""The papers' claims and figures, each one a check and a picture."""

from .catalogue import CATALOGUE, select

__all__ = ["CATALOGUE", "select"]
