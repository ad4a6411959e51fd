"""The configuration: one TOML file, read once, frozen."""
