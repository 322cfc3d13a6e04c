"""Who asked and what we answered: the edge, and all input and output."""
