"""What authors of plugins are given: a new plugin to begin with, and rules that grade one."""
