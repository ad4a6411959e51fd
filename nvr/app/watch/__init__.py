"""The watch: what is wrong, since when, and whom it tells (docs/design/alarms.md)."""
