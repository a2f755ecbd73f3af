-- Which accounts may have written what lies in the bucket, by what the host saved. `until_revision`: from
-- that revision on it is somebody else's for certain; NULL: it may be theirs. Before a save its account is
-- noted here; when it is known to have come to pass, the others' end is noted. What is written on the broker
-- itself has no author here.
CREATE TABLE IF NOT EXISTS scheduler_writers (
    schedule_id    TEXT NOT NULL,
    sub            TEXT NOT NULL,
    until_revision INTEGER,
    PRIMARY KEY (schedule_id, sub)
) WITHOUT ROWID;
INSERT OR IGNORE INTO scheduler_writers (schedule_id, sub) SELECT schedule_id, sub FROM scheduler_authors;

-- Who may have written the text that a fire came from, as a JSON list.
ALTER TABLE scheduler_fires ADD COLUMN authors TEXT NOT NULL DEFAULT '[]';
UPDATE scheduler_fires SET authors = (
    SELECT json_group_array(sub) FROM scheduler_authors AS a WHERE a.schedule_id = scheduler_fires.schedule_id
) WHERE state = 'firing';
DROP TABLE scheduler_authors;
