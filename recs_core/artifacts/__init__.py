"""What is stored and served: array folders and bundles."""
