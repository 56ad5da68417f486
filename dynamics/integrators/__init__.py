"""How a system moves on: by adaptive integration of its gradient flow, or by steps of descent."""

from .states import INTEGRATORS, Progress, descent_states, flow_states, reported, watched

__all__ = ["INTEGRATORS", "Progress", "descent_states", "flow_states", "reported", "watched"]
