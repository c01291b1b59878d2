"""Content features: metadata to vectors."""
