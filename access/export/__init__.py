"""Export: from a release to a bundle that anyone can check by hand (docs/design/bundle.md)."""
