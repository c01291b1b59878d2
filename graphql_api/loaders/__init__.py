"""What is fetched for many fields at once."""
