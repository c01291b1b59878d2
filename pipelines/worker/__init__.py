"""Processes beside the server: what is heavy, and what must happen whether or not anybody asks."""
