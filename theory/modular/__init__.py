"""Networks of modules: which closed form fits which group of modules."""
