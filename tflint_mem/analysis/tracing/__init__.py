"""Which functions and graphs are traced, when, and what would a trace freeze?"""
