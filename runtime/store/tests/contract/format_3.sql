-- A data directory of format 3: as that of format 2, and a deployed function.
PRAGMA journal_mode = WAL;
BEGIN;
CREATE TABLE executions (
    key         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    function    TEXT NOT NULL,
    version     TEXT NOT NULL,
    name        TEXT NOT NULL,
    status      TEXT NOT NULL,
    started     INTEGER NOT NULL,
    ended       INTEGER,
    next_wake   INTEGER,
    active      INTEGER NOT NULL,
    delete_at   INTEGER,
    closing_seq INTEGER,
    pause_seq   INTEGER,
    UNIQUE (function, name)
) STRICT;
CREATE INDEX executions_by_start ON executions (function, started);
CREATE INDEX executions_by_status ON executions (function, status, started);
CREATE INDEX executions_to_wake ON executions (next_wake) WHERE next_wake IS NOT NULL;
CREATE INDEX executions_active ON executions (key) WHERE active = 1;
CREATE INDEX executions_open ON executions (function, version) WHERE ended IS NULL;
CREATE INDEX executions_to_delete ON executions (delete_at) WHERE delete_at IS NOT NULL;
CREATE TABLE journal (
    execution   INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    first_event INTEGER NOT NULL,
    body        BLOB NOT NULL,
    PRIMARY KEY (execution, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE invocations (
    key            INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id     TEXT NOT NULL,
    function       TEXT NOT NULL,
    version        TEXT NOT NULL DEFAULT '$LATEST',
    payload        BLOB NOT NULL,
    trace_header   TEXT,
    tenant_id      TEXT,
    client_context TEXT,
    attempts       INTEGER NOT NULL,
    due            INTEGER NOT NULL
) STRICT;
CREATE INDEX invocations_by_due ON invocations (due, key);
CREATE TABLE chained (
    key        INTEGER PRIMARY KEY AUTOINCREMENT,
    parent     TEXT NOT NULL,
    operation  TEXT NOT NULL,
    parent_key INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    state      INTEGER NOT NULL,
    due        INTEGER NOT NULL,
    UNIQUE (parent, operation)
) STRICT;
CREATE INDEX chained_to_do ON chained (due, key) WHERE state <> 1;
CREATE TABLE deployments (
    function TEXT NOT NULL,
    item     TEXT NOT NULL,
    body     BLOB NOT NULL,
    PRIMARY KEY (function, item)
) STRICT, WITHOUT ROWID;
INSERT INTO executions (id, function, version, name, status, started, next_wake, active)
VALUES ('id-open', 'f', '$LATEST', 'open', 'RUNNING', 10, 300010, 1);
INSERT INTO executions (id, function, version, name, status, started, ended, active, delete_at, closing_seq)
VALUES ('id-closed', 'f', '$LATEST', 'closed', 'SUCCEEDED', 20, 30, 0, 1000, 1);
INSERT INTO journal VALUES (1, 0, 1, x'7b7d'), (1, 1, 2, x'7b7d'), (2, 0, 1, x'7b7d'), (2, 1, 2, x'7b7d');
INSERT INTO invocations (request_id, function, version, payload, attempts, due)
VALUES ('r-1', 'f', '$LATEST', x'7b7d', 0, 40);
INSERT INTO deployments VALUES ('f', 'function', x'7b7d');
INSERT INTO chained (parent, operation, parent_key, seq, state, due) VALUES ('id-open', 'op', 1, 1, 0, 50);
PRAGMA user_version = 3;
COMMIT;
