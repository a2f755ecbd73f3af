-- Set where a schedule asked, whose name an account could bear too: `schedule:<id>` in `asked_by`.
ALTER TABLE jobs_approvals ADD COLUMN schedule_id TEXT;
UPDATE jobs_approvals SET schedule_id = substr(asked_by, 10)
 WHERE actor = 'scheduler' AND asked_by LIKE 'schedule:%';
