-- Named tokens for programs. The secret itself is nowhere: only its SHA-256, since it is 256 random bits.
-- Times are Unix seconds; `expires_at` NULL: never, `last_used_at` NULL: never yet.
CREATE TABLE auth_api_tokens (
    token_id TEXT PRIMARY KEY,
    username TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    secret_sha256 BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER,
    last_used_from TEXT,
    UNIQUE (username, name)
);
