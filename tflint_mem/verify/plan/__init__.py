"""What a verification may use, which rule is verified how, and which interpreter runs it."""
