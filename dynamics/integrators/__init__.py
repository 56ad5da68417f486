"""How a system moves on: by adaptive integration of its gradient flow, or by steps of descent."""

from .states import INTEGRATORS, Progress, flow_states

__all__ = ["INTEGRATORS", "Progress", "flow_states"]
