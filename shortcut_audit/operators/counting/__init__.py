"""How many multiply-accumulates does a contraction take, and what does it read? Pure arithmetic on shapes."""
