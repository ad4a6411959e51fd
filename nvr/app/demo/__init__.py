"""`nvr demo`: simulated cameras, the real daemon, the real command lines."""
