"""What is each operator? One module for each sort, one row for each operator; table.py joins them."""
