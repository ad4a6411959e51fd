"""The three roles: what each opens, in which order, and how it stops (docs/design/processes.md)."""
