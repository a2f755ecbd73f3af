// theirs
