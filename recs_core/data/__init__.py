"""Id maps, interactions, catalogue, sources and splits."""
