"""Migrations of the index, oldest first."""
