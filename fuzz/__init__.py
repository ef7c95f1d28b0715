"""Mutated programs, projects, notebooks, configurations and caches against the tool's own promises; see README.md."""
