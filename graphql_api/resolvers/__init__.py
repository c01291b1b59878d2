"""How the fields of `Query` are computed."""
