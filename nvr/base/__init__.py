"""The vocabulary that every package shares: ids, units, clock, errors, and the small tools for concurrency."""
