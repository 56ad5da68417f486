"""The derivations, a file for each topic."""
