-- The reference job in SQLite, in memory. {payments} and so on are replaced.
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA temp_store = MEMORY;
.mode csv
.import '{payments}' payments
.import '{signups}' signups
.import '{clicks}' clicks
-- A line of JSON holds no byte 1, so that each line is one value.
CREATE TABLE transactions (line TEXT);
.mode list
.separator \001
.import '{transactions}' transactions

CREATE TABLE attr AS SELECT lower(trim(json_extract(line, '$.customer.email'))) AS e, json_extract(line, '$.created_at') AS ts FROM transactions;
CREATE INDEX attr_e ON attr (e, ts);
CREATE TABLE lost AS SELECT id, e, ts FROM
  (SELECT id, lower(trim("Customer Email")) AS e, CAST(strftime('%s', "Created date (UTC)") AS INTEGER) * 1000 AS ts FROM payments WHERE Status = 'Paid') AS p
  WHERE NOT EXISTS (SELECT 1 FROM attr WHERE attr.e = p.e AND attr.ts BETWEEN p.ts - 2592000000 AND p.ts + 2592000000);
CREATE TABLE wanted (e TEXT PRIMARY KEY) WITHOUT ROWID;
INSERT OR IGNORE INTO wanted SELECT e FROM lost;
CREATE TABLE stitch (visitor_id TEXT, e TEXT, PRIMARY KEY (visitor_id, e)) WITHOUT ROWID;
INSERT OR IGNORE INTO stitch SELECT visitor_id, e FROM (SELECT visitor_id, lower(trim(email)) AS e FROM signups) WHERE e IN wanted;
INSERT OR IGNORE INTO stitch SELECT visitor_id, e FROM (SELECT visitor_id, lower(trim(email)) AS e FROM clicks WHERE email <> '') WHERE e IN wanted;
CREATE TABLE cand AS SELECT s.e, c.*,
  CAST(strftime('%s', substr(clicked_at, 1, 19)) AS INTEGER) * 1000 + CAST(substr(clicked_at, 21, 3) AS INTEGER) AS at
  FROM clicks AS c CROSS JOIN stitch AS s ON s.visitor_id = c.visitor_id;
CREATE INDEX cand_e ON cand (e, at);
CREATE TABLE ranked AS SELECT l.id, c.*, row_number() OVER (PARTITION BY l.id ORDER BY at DESC, click_id DESC) AS n
  FROM lost AS l CROSS JOIN cand AS c ON c.e = l.e AND c.at BETWEEN l.ts - 15552000000 AND l.ts;
CREATE TABLE counted AS SELECT id, count(*) AS clicks, count(DISTINCT partner_key) AS partners, count(DISTINCT visitor_id) AS visitors, min(at) AS first_at, max(at) AS last_at
  FROM ranked GROUP BY id;
CREATE INDEX counted_id ON counted (id);
CREATE INDEX ranked_id ON ranked (id) WHERE n = 1;
.mode csv
.headers on
.output '{out}'
SELECT l.id AS purchase_id, l.e AS email, l.ts, coalesce(k.clicks, 0) AS clicks, coalesce(k.partners, 0) AS partners, coalesce(k.visitors, 0) AS visitors, k.first_at, k.last_at,
  r.click_id, r.partner_key, r.link_id, r.landing_url, r.referrer, r.user_agent, r.country
  FROM lost AS l LEFT JOIN counted AS k ON k.id = l.id LEFT JOIN ranked AS r ON r.id = l.id AND r.n = 1;
