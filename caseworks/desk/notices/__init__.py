"""通知: what was sent to whom and what became of it, sending again, and numbers that want none."""
