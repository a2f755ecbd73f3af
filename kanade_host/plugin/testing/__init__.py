"""The test kit: a real host, a real broker and a real file for the tests of plugins."""
