"""Holds: footage that may not be destroyed."""
