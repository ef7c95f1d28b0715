"""Findings that somebody does not want to see: comments and baselines.

    noqa_comments   which findings the comments of the files silence
    reasons         why somebody has silenced a finding
    baseline        a file of findings that are known
    comment_edits   comments that would silence what is found in one file     add_noqa   the same for a run, written

A check asks `noqa_comments.apply` first, and then its `Baseline`.  Only `add_noqa` changes a user's files.
"""
