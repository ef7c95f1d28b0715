"""The language server: findings in an editor, about texts as they are there.

    main             starts it on standard input and output
    language_server  the messages that are answered               protocol  pygls, with rows as Python counts them
    editor           the other end: what it can do, what it is told
    options          what the user wants
    documents        what is open, as files of a check            places    rows and columns as the editor counts them
    live             the check of a project, again and again      files     files of the disk, read when they change
    service          when to check: one check at a time, of what is there now
    diagnostics, actions, hover   findings, fixes and rules as the protocol has them

Each check is that of `tflint-mem check` for the files that are open; only facts of what has not changed are kept.
Nothing is ever run or written: changes go to the editor.
"""
