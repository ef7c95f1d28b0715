"""What several rules share, between the questions of the project and the rules themselves."""
