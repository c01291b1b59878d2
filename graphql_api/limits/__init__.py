"""What a document may ask for at most."""
