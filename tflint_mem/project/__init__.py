"""The facts of all files, linked: what the rules ask."""
