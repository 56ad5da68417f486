"""Training of one chain of layers, in data, principal, spectral and compressed coordinates."""
