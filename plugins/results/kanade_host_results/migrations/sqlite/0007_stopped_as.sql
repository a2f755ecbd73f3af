-- What the targets of a stopped batch become: they are told in portions, and a crash may come in between.
ALTER TABLE execution_batches ADD COLUMN stopped_as TEXT;
UPDATE execution_batches SET stopped_as = CASE stopped WHEN 'killed' THEN 'killed' ELSE 'skipped' END
 WHERE stopped IS NOT NULL;
