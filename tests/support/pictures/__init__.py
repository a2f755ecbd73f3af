"""Pictures of every page of the web interface: for the documents, for `./run prove`, and for its tests."""
