"""Training of one chain of layers, in data, spectral and compressed coordinates."""
