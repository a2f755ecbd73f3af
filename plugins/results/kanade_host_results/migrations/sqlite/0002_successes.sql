-- Each PC's newest success of a job (contract/scheduler.md 7): what the scheduler asks at every tick. A
-- table of its own, because successes count for ever, and results may be deleted when they are old.
CREATE TABLE IF NOT EXISTS result_successes (
    job_id      TEXT NOT NULL,
    pc_id       TEXT NOT NULL,
    finished_at TEXT NOT NULL,
    PRIMARY KEY (job_id, pc_id)
) WITHOUT ROWID;

INSERT INTO result_successes (job_id, pc_id, finished_at)
SELECT job_id, pc_id, max(finished_at) FROM execution_results
WHERE exit_code = 0 AND finished_at IS NOT NULL AND job_id IS NOT NULL AND pc_id <> ''
GROUP BY job_id, pc_id
ON CONFLICT (job_id, pc_id) DO UPDATE SET finished_at = max(finished_at, excluded.finished_at);
