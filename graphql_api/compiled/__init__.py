"""Documents that come again, executed a column at a time instead of a value at a time."""
