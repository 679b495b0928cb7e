"""What does an operator do? table.py has one row each; counting/ and shapes/ are what its rows refer to."""
