"""Findings that somebody does not want to see: comments and baselines.

    comments        the comments of one file, as a model       noqa_comments   which findings they silence
    unused          comments that silence nothing              baseline        a file of findings that are known
    reasons         why somebody has silenced a finding
    comment_edits   comments that would silence what is found in one file     add_noqa   the same for a run, written

A check asks `noqa_comments.apply` first, and then its `Baseline`.  Only `add_noqa` changes a user's files.
"""
