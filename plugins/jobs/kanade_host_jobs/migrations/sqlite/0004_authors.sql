-- Where a schedule asked: who had saved it, and so cannot be the second person.
ALTER TABLE jobs_approvals ADD COLUMN author TEXT;
