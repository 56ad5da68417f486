"""How pictures look, and the kinds of picture that several claims draw."""
