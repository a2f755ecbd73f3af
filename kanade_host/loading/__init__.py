"""Find -> order -> check for conflicts -> start -> stop; and the state of every plugin."""
