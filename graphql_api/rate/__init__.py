"""How much each client may ask for: units of a minute, shared by all servers."""
