"""Training of networks of modules."""
