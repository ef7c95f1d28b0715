"""The rules: one module each, named after its code and name.

A rule module is made of, in this order:

    docstring        the documentation: `tflint-mem rule CODE` prints it, and its page in `docs/rules` is made of it
    CODE             as in the table of rules (`tflint_mem.ruleset.registry`), which has its name, group, severity …
    MEASURED, …      what was measured, for the reports
    find(context)    asks the project and yields drafts, each built by name, with its message and its trace
    fixes            functions that return a `Repair`, or say in a few words why there is none

The docstring begins with one sentence, and has these sections:

    ## What it does                 what is reported, and which look-alikes are not
    ## Why is this bad?             what happens in the process
    ## What was measured            figures with their versions, and what is no cure
    ## Example, Use instead:        the shape that leaks, and what to write in its place
    ## Fix safety                   what the fix does, when it is safe, and where there is none

What a rule asks about programs stands in `tflint_mem.analysis`, in a module whose docstring says its question, its
answer and what it cannot know: a rule keeps words, decisions and fixes, in about 150 rows with its documentation.  A
rule imports no other rule.  A fix imports `tflint_mem.codemod` inside its function: most runs build none, and LibCST
takes longer to import than a small project takes to check.
"""
