"""A file as it is: strings, block by block, each row with its line."""
