"""Whether a camera still shows something useful, without anybody's look (docs/design/health.md)."""
