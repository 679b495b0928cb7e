"""How is a report written for a terminal? terminal.py is the way in."""
