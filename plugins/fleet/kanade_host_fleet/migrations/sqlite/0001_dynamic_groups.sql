-- Groups whose members a filter decides. The memberships themselves are in the bucket agent_groups.
CREATE TABLE fleet_dynamic_groups (
    name TEXT PRIMARY KEY,
    description TEXT,
    filter TEXT NOT NULL,       -- JSON, as POST /api/fleet/select takes it
    updated_at TEXT NOT NULL,
    updated_by TEXT,
    evaluated_at TEXT,          -- when the filter was last asked
    problem TEXT,               -- why its members do not follow it at the moment
    written TEXT NOT NULL       -- JSON: the PCs that we put into the group
) WITHOUT ROWID;
