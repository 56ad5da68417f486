"""The style of the pictures, and the drawing functions that several claims share."""
