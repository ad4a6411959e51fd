"""Cameras: what is declared of them, where they stand, how they are tried out."""
