"""Coordinates in which networks are trained: their list, and the choice among them."""
