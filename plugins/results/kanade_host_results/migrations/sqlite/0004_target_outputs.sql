-- What a target's result said, beside its state: the exit code, and a digest of the whole output, so that
-- equal outputs of ten thousand PCs are grouped without reading one of them. Columns of our own table;
-- filled by the write that ends the target anyway. `rerun_of`: the execution whose targets this one repeats.
ALTER TABLE execution_targets ADD COLUMN exit_code INTEGER;
ALTER TABLE execution_targets ADD COLUMN output BLOB;
ALTER TABLE execution_plans ADD COLUMN rerun_of TEXT;
CREATE INDEX IF NOT EXISTS execution_plans_reruns ON execution_plans (rerun_of) WHERE rerun_of IS NOT NULL;
