-- What all waiting targets of an execution become that is killed, cleared or expired, while they are told in
-- portions: a crash may come in between, and not every execution has batches that could say it.
ALTER TABLE execution_plans ADD COLUMN ending_as TEXT;
ALTER TABLE execution_plans ADD COLUMN ending_reason TEXT;
