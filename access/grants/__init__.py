"""Grants: from validation to record keys, with the custodians."""
