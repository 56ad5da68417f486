"""Claims on networks that are trained on images."""
