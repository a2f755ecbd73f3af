"""What a plugin is graded by: each rule with its reason and its repair, in modules by subject."""
