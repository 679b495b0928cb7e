"""What does an op's output look like, from what its inputs look like? One module for each sort of operator."""
