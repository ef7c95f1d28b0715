"""Which file is meant?  Modules, imports, names, and what the project says about versions and hardware."""
