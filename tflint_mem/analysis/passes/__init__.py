"""What differs from one pass of a repeat to the next, and what does a pass keep or do?"""
