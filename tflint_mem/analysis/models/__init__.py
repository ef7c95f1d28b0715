"""Where do models come from, what becomes of them, and what keeps them alive?"""
