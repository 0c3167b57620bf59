//! Tables and indexes.

use durable_sidefile::Format;

/// Keys are never used again, so events of a deleted group or stream, which go bit by bit, belong to nobody.
const TABLES: &str = "
CREATE TABLE groups (
    key            INTEGER PRIMARY KEY AUTOINCREMENT,
    name           TEXT NOT NULL UNIQUE,
    created        INTEGER NOT NULL,
    retention_days INTEGER,
    bytes          INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE streams (
    key       INTEGER PRIMARY KEY AUTOINCREMENT,
    log_group INTEGER NOT NULL,
    name      TEXT NOT NULL,
    created   INTEGER NOT NULL,
    first_at  INTEGER,
    last_at   INTEGER,
    ingested  INTEGER,
    UNIQUE (log_group, name)
) STRICT;
CREATE INDEX streams_by_last_event ON streams (log_group, coalesce(last_at, 0), name);
CREATE TABLE events (
    key       INTEGER PRIMARY KEY AUTOINCREMENT,
    log_group INTEGER NOT NULL,
    stream    INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    ingested  INTEGER NOT NULL,
    message   TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_group ON events (log_group, at);
CREATE INDEX events_by_stream ON events (stream, at);
CREATE TABLE deleted_groups (log_group INTEGER PRIMARY KEY) STRICT;
CREATE TABLE deleted_streams (stream INTEGER PRIMARY KEY) STRICT;
";

/// What is in the file.
pub(crate) const FORMAT: Format = Format { version: 1, tables: TABLES };
