"""Training under learning rules other than the gradient."""
