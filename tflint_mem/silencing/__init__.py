"""Findings that somebody does not want to see: comments and baselines."""
