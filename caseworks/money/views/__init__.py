"""The pages of money's room."""
