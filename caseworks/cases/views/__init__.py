"""The pages of the cases' room."""
