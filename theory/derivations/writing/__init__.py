"""Derivations written as text, LaTeX and HTML."""
