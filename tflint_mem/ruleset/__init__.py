"""What a rule is: what it sees, what it leaves behind, and where it is listed."""
