-- +goose Up

-- A ledger serves one programme: the key of an item holds its name, and a new
-- name would make every purchase payable again.
CREATE TABLE programme (
    name TEXT PRIMARY KEY
);

CREATE TABLE run (
    run_id       TEXT PRIMARY KEY,
    version      TEXT NOT NULL,
    as_of        BIGINT NOT NULL,
    period_start BIGINT NOT NULL,
    period_end   BIGINT NOT NULL,
    gaps         BIGINT NOT NULL, -- without attribution, ordinary ones included
    listed       BIGINT NOT NULL, -- put before people
    recorded_at  BIGINT NOT NULL
);

-- Gaps with a sign of a partner, as the newest run that had them reported them.
-- Times are microseconds since 1970 UTC, 0 for none; money is in minor units.
CREATE TABLE gap (
    gap_id       TEXT PRIMARY KEY,
    processor    TEXT NOT NULL,
    purchase_id  TEXT NOT NULL,
    purchased_at BIGINT NOT NULL,
    first_run    TEXT NOT NULL REFERENCES run,
    first_seen   BIGINT NOT NULL, -- as_of of that run
    last_run     TEXT NOT NULL REFERENCES run,
    last_seen    BIGINT NOT NULL,
    amount       BIGINT NOT NULL,
    refunded     BIGINT NOT NULL,
    currency     TEXT NOT NULL,
    case_slug    TEXT NOT NULL,
    partner_key  TEXT NOT NULL, -- suggested
    suggest      TEXT NOT NULL,
    listed       BIGINT NOT NULL,
    -- Where the purchase ended when a later run no longer counted it as a gap;
    -- '' while it is one.
    place        TEXT NOT NULL,
    place_run    TEXT NOT NULL,
    credited_to  TEXT NOT NULL
);

-- Workbooks that were applied.
CREATE TABLE book (
    sha256      TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    run_id      TEXT NOT NULL REFERENCES run,
    reviewed_by TEXT NOT NULL,
    approved_by TEXT NOT NULL,
    applied_at  BIGINT NOT NULL
);

-- Decisions, the newest with the highest seq. The facts are those decided on.
CREATE TABLE decision (
    gap_id      TEXT NOT NULL REFERENCES gap,
    seq         BIGINT NOT NULL,
    verdict     TEXT NOT NULL,
    partner_key TEXT NOT NULL, -- to credit; '' unless approved
    credit      BIGINT NOT NULL, -- minor units to credit; 0 unless approved
    note        TEXT NOT NULL,
    decided_at  BIGINT NOT NULL,
    book        TEXT NOT NULL REFERENCES book,
    cell        TEXT NOT NULL,
    run_id      TEXT NOT NULL REFERENCES run,
    amount      BIGINT NOT NULL,
    refunded    BIGINT NOT NULL,
    currency    TEXT NOT NULL,
    case_slug   TEXT NOT NULL,
    suggested   TEXT NOT NULL,
    PRIMARY KEY (gap_id, seq)
);

-- What changed about a gap after it was decided.
CREATE TABLE revision (
    gap_id  TEXT NOT NULL,
    seq     BIGINT NOT NULL, -- of the decision
    what    TEXT NOT NULL,
    was     TEXT NOT NULL,
    became  TEXT NOT NULL,
    run_id  TEXT NOT NULL REFERENCES run, -- that saw it first
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (gap_id, seq, what, became),
    FOREIGN KEY (gap_id, seq) REFERENCES decision
);

CREATE TABLE batch (
    batch_id   TEXT PRIMARY KEY,
    run_id     TEXT NOT NULL REFERENCES run,
    state      TEXT NOT NULL, -- planned, then emitted
    planned_at BIGINT NOT NULL,
    emitted_at BIGINT NOT NULL
);

CREATE TABLE file (
    batch_id TEXT NOT NULL REFERENCES batch,
    name     TEXT NOT NULL,
    sha256   TEXT NOT NULL,
    bytes    BIGINT NOT NULL,
    PRIMARY KEY (batch_id, name)
);

-- Purchases to be credited, each once: key is purchase, line and programme.
-- customer_*, name and note are personal and go when they are erased.
CREATE TABLE item (
    key            TEXT PRIMARY KEY,
    gap_id         TEXT NOT NULL REFERENCES gap,
    seq            BIGINT NOT NULL, -- of the decision
    batch_id       TEXT NOT NULL REFERENCES batch,
    state          TEXT NOT NULL, -- planned, emitted, confirmed, refused
    reason         TEXT NOT NULL, -- of a refusal
    run_id         TEXT NOT NULL REFERENCES run,
    processor      TEXT NOT NULL,
    purchase_id    TEXT NOT NULL,
    line           TEXT NOT NULL,
    purchased_at   BIGINT NOT NULL,
    signed_up_at   BIGINT NOT NULL,
    customer_email TEXT NOT NULL,
    customer_name  TEXT NOT NULL,
    customer_id    TEXT NOT NULL,
    customer_key   TEXT NOT NULL,
    partner_key    TEXT NOT NULL,
    partner_name   TEXT NOT NULL,
    partner_email  TEXT NOT NULL,
    amount         BIGINT NOT NULL,
    currency       TEXT NOT NULL,
    click_id       TEXT NOT NULL,
    clicked_at     BIGINT NOT NULL,
    commission     BIGINT NOT NULL,
    estimated      BIGINT NOT NULL,
    cause          TEXT NOT NULL,
    note           TEXT NOT NULL,
    credited       BIGINT NOT NULL,
    reviewed_by    TEXT NOT NULL,
    approved_by    TEXT NOT NULL,
    decided_at     BIGINT NOT NULL,
    book           TEXT NOT NULL,
    changed_at     BIGINT NOT NULL,
    FOREIGN KEY (gap_id, seq) REFERENCES decision
);

CREATE INDEX item_batch ON item (batch_id);
CREATE UNIQUE INDEX item_purchase ON item (processor, purchase_id, line);

-- What an item became at the platform: a customer, a transaction, a reward or a
-- conversion, by a file or by the API. A customer of several purchases is one of
-- the first of them.
CREATE TABLE creation (
    id         TEXT PRIMARY KEY, -- kind and key, of a customer its own
    key        TEXT NOT NULL REFERENCES item,
    kind       TEXT NOT NULL,
    via        TEXT NOT NULL, -- file or api
    state      TEXT NOT NULL, -- planned, sent, emitted, confirmed, refused
    place      TEXT NOT NULL, -- the file, or the platform's key of what was created
    hash       TEXT NOT NULL, -- of what was sent or of the file
    answer     TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- What would have been created a second time, and was not.
CREATE TABLE suppressed (
    key     TEXT NOT NULL REFERENCES item,
    book    TEXT NOT NULL REFERENCES book,
    cell    TEXT NOT NULL,
    what    TEXT NOT NULL, -- what differs from the item there is, '' for nothing
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (key, book)
);
