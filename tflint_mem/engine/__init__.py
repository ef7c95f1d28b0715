"""From sources to findings: which files matter, the rules over the linked project, how sure a finding is."""
