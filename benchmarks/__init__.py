"""Measurements of the numbers that the design promises; `make bench` prints them."""
