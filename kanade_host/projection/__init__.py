"""Stream -> batch -> one transaction -> position; dead letters; samples; the outbox."""
