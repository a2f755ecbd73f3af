"""What differs between operating systems: folders, secrets, private files, processes, signals, services."""
