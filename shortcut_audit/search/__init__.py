"""Which additions merge a shortcut, and by which route does it come? shortcuts.py is the way in."""
