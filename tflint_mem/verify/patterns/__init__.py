"""What does a rule's pattern cost here, and what does it cost fixed?

A module `tfm101.py` is no module to import but the pair of a rule as one program, in parts: what runs once, what
repeats as flagged, and what repeats as fixed.  Words in capitals are sizes.  `pattern` reads them and makes snippets,
`sizes` says what the checked code tells about sizes.
"""
