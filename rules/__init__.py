"""The rules: one module each, named after its code and name.

A module's docstring is the rule's documentation; `find(context)` asks the project and yields drafts; the fix is built
by a function of a FixContext on concrete syntax.  Modules whose name begins with an underscore hold what several rules
share.
"""
