"""Composition: roles as processes, command lines, the demo. Nobody imports it."""
