"""What a verification says, on a terminal and on a page."""
