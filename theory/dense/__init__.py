"""Networks of one chain of layers: formulas of single modes, and closed forms that apply them to problems."""
