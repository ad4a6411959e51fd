"""Four command lines for four kinds of people; one file per group of verbs."""
