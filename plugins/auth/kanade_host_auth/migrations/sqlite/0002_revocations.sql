-- Tokens that were ended one by one; kept until well after they would have expired by themselves.
CREATE TABLE auth_revoked_tokens (
    token_id TEXT PRIMARY KEY,
    username TEXT NOT NULL,
    expires_at INTEGER NOT NULL
);
-- Tokens of a user that were issued earlier than this (Unix seconds) are ended, but for one.
-- The row outlives the account: whoever gets the same name later does not inherit its sessions.
CREATE TABLE auth_not_before (
    username TEXT PRIMARY KEY,
    not_before INTEGER NOT NULL,
    except_token TEXT
);
