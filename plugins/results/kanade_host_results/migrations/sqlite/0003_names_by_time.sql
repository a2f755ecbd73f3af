-- Lists of one PC read names and times in this index alone, instead of whole rows. Its keys arrive in the
-- order of time (docs/decisions/results-indexes.md).
CREATE INDEX IF NOT EXISTS execution_results_names ON execution_results (recorded_at DESC, pc_id);
