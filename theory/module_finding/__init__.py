"""The rule that finds modules, where it has a closed form."""
