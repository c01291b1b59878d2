"""Documents that a client names instead of sending them."""
