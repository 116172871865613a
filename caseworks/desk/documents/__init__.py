"""文书: papers with a number, their pages, and the sealed scans that are added."""
