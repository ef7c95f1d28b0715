"""The command line: what is asked for, and one run from the paths to the exit code.

    cli           the options, and the commands they belong to       check         `check` and `verify`: one run
    diff          `--diff`                                           verification  `--verify`
    rulebook      `rule` and `rules`                                 process       what the command does to its own
                  process

Only this room prints, and only it changes what belongs to the whole process.
"""
