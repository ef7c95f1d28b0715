"""What is kept between runs, and how files are written.

    user       the user's own folders              secret     what only the user's own runs can sign with
    new_file   files that may be new, in one step  in_place   files of the user, replaced in one step
    folder     the folder of the cache: what is signed, and how much of it stays
    cache      the findings of an earlier run over the same files
    fact_store the facts of files that earlier runs have parsed

`in_place` alone changes what a user has written.  Nothing else here is anybody's to edit: the cache is ours, and so is
the secret.
"""
