"""Migrations of the register, oldest first."""
