"""What is deployed: the built function, its size, its cold start, its bill."""
