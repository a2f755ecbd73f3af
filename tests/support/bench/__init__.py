"""`./run bench`: what the host does in a second, on a broker and a database of its own."""
