"""The store's own services as HTTP clients: what they tell becomes events. The contract is docs/upstream.md."""
