"""From strings to the canonical tables: what is sound is kept, what is not is set aside with its reason."""
