"""What the API and the worker share in Redis."""
