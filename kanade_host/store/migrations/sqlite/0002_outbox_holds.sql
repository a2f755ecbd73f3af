-- What is kept back in the outbox: messages of a plugin whose ids begin so.
CREATE TABLE host_outbox_holds (
    plugin TEXT NOT NULL,
    prefix TEXT NOT NULL,
    PRIMARY KEY (plugin, prefix)
) WITHOUT ROWID;
