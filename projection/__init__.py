"""Networks trained with other libraries, converted to the layout of predictions and simulations."""

from __future__ import annotations

from .checkpoints import Checkpoint, read_checkpoints
from .course import Projection, project
from .maps import jacobian_map, least_squares_map, product_map

__all__ = [
    "Checkpoint",
    "Projection",
    "jacobian_map",
    "least_squares_map",
    "product_map",
    "project",
    "read_checkpoints",
]
