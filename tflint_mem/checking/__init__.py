"""One check, from paths to findings: what the command and the library have in common.

    reader   the files of a check, read once
    changed  which findings concern rows that changed since a revision
    check    Check: discover, read, analyse, silence, subtract the baseline, and look again at files that hold something
             else

Nothing here prints, ends a process or knows an exit code: what there is to say goes to whoever listens, as Notices.
"""
