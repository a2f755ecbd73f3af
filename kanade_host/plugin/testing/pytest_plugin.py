"""The pytest side of the test kit: fixtures and markers."""
