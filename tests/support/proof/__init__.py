"""`./run prove`: the long form of what CI runs shortly, and the tables of what came out."""
