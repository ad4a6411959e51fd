"""Tools of the workshop; none of them ships."""
