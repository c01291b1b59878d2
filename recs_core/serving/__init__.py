"""The recommender as it is served."""
