"""Why a book was recommended, in amounts that add up to its score."""
