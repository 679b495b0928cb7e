"""Which exact numbers depend on sizes that nobody has fixed, and what is true of them? formula.py gives the grammar."""
