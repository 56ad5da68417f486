"""Claims of "On The Specialization of Neural Modules"."""
