"""Who did what with whose data: an append-only log whose lines vouch for each other."""
