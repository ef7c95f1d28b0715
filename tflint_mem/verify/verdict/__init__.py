"""From the events of measured processes to a verdict."""
