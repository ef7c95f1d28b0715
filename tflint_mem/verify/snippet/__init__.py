"""Cutting the repeating region and what it needs out of a project, as one runnable file."""
