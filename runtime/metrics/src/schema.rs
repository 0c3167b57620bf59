//! Tables and indexes.

use durable_sidefile::Format;

/// Keys are never used again.
const TABLES: &str = "
CREATE TABLE series (
    key        INTEGER PRIMARY KEY AUTOINCREMENT,
    namespace  TEXT NOT NULL,
    name       TEXT NOT NULL,
    dimensions TEXT NOT NULL,
    unit       TEXT NOT NULL,
    last       INTEGER NOT NULL,
    UNIQUE (namespace, name, dimensions, unit)
) STRICT;
CREATE TABLE points (
    series  INTEGER NOT NULL,
    minute  INTEGER NOT NULL,
    count   REAL NOT NULL,
    sum     REAL NOT NULL,
    min     REAL NOT NULL,
    max     REAL NOT NULL,
    buckets BLOB,
    PRIMARY KEY (series, minute)
) STRICT, WITHOUT ROWID;
CREATE INDEX points_by_minute ON points (minute);
";

/// What is in the file.
pub(crate) const FORMAT: Format = Format { version: 1, tables: TABLES };
