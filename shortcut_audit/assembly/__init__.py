"""Which values does a model compute, and from what? assemble.py is the way in; each other module decides one thing."""
