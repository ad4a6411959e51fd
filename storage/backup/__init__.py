"""Backups: what can not be made again, under age, and back from there (docs/design/backup.md)."""
