"""What does it come to? The graph and the shortcuts found in it become a report; compose.py is the way in."""
