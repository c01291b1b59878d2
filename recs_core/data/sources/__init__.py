"""Where interactions and books come from: one file a source."""
