"""Is that allowed? What the team configured and accepted, held against a report."""
