"""Requisitions: from their receipt to the validator's decision."""
