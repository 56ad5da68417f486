"""Statements, steps, and the checks that tie each step to the steps before it."""
