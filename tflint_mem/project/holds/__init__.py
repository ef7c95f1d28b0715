"""What does this hold?  What names, attributes, parameters and expressions may evaluate to, across functions and files."""
