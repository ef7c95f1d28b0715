"""What does a snippet lack that raised this exception, and what lets the next attempt go on?

`propose` asks the families in a fixed order, `state` is what is in place so far.  A family is a module:

    missing_files    paths that are not there        stand_in_models  models and arrays that do not fit
    names            names and options without value missing_modules  modules, and parts that the installed ones lack
    old_keras        code for an older Keras         surroundings     variables, downloads, command line, cameras
    prepared_data    a statement that cannot run is replaced by what it would have given

A repair is a function of an exception and the state that gives actions, none where the exception is not its own.  It
may note in the state what it has learned, and touches no file.
"""
