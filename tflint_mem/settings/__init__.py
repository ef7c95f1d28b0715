"""What the user wants: configuration, selection of rules, discovery of files, and who may say what."""
