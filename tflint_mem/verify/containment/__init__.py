"""Starting the measured process, and what it may see, do and use."""
