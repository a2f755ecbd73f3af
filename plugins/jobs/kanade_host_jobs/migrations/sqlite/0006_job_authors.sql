-- Who saved a job over HTTP last, and a digest of what it would run: whoever releases that text has to be
-- somebody else. A text that is in no row has an author that nobody here knows.
CREATE TABLE IF NOT EXISTS jobs_authors (
    job_id TEXT PRIMARY KEY NOT NULL,
    sub    TEXT NOT NULL,
    digest TEXT NOT NULL
) WITHOUT ROWID;
