"""Claims of "Breaking Neural Network Scaling Laws with Modularity"."""
