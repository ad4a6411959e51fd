"""SVS1, the sealed segment (docs/design/svs1.md): written, read, scanned after a crash, opened with record keys."""
