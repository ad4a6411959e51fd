"""From a camera's stream to sealed records."""
