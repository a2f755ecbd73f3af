"""The database: one writer on one thread, several readers, migrations per plugin, commit numbers.

How a database comes up (all of it synchronous, before the event loop serves anything):

    database = Database.open(value)          # location, lock, adoption, the host's own tables
    found = inspect(items)                   # in scratch: who owns what, who is in conflict
    database.apply(item)                     # plugin by plugin; MigrationFailed is that plugin's alone
    database.seal()                          # the row that lets kanade-backend take the file back

and then, on the loop: `Writer`, `Readers`; at the end both are closed, then the database.
"""
