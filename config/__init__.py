"""Settings: a frozen model and its TOML file."""
