"""The pages of the skill subsidy: each reads, calls one operation down, and answers."""
