"""Papers: their numbers and their pages."""
