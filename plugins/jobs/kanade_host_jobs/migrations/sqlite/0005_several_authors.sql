-- Whoever may have written the schedule that asks, as a JSON list: more than one, where nobody knows.
ALTER TABLE jobs_approvals RENAME COLUMN author TO authors;
UPDATE jobs_approvals SET authors = json_array(authors) WHERE authors IS NOT NULL;
