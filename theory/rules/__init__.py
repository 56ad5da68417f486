"""Two-layer networks under learning rules other than the gradient."""
