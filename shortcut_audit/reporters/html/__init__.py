"""How is a report written for a browser? document.py is the way in."""
