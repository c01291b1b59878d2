"""The command line: one door to the server, the worker and what both share. It stands above the other rooms."""
