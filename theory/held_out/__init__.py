"""Items that a network has not been trained on."""
