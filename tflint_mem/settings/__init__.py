"""What the user wants, and who may say what.

    settings    Settings: what a check goes by
    selection   selectors of rules: which rules run                 globs       patterns of paths
    wildcards   patterns that a regular expression would take for ever to match
    tables      what a configuration file may say                   trust       what that of a checked tree may say
    config      which files are read, and which of them counts      discovery   paths to the files to check

A run begins with `config.load` (or with a `Settings` that a program has made), then `discovery.discover`.  Nothing here
reads the code under check.
"""
