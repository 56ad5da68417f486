"""Adaptive integration of gradient flow."""

from .states import INTEGRATORS, Progress, flow_states

__all__ = ["INTEGRATORS", "Progress", "flow_states"]
