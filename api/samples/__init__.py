"""Made-up decision requests with financial statements and an order, for the demo and the benchmark."""
