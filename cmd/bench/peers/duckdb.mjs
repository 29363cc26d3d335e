// The reference job in DuckDB. argv: the job as JSON; see job in cmd/bench.
import { DuckDBInstance } from '@duckdb/node-api';

const job = JSON.parse(process.argv[2]);
const list = files => '[' + files.map(f => `'${f}'`).join(', ') + ']';
const db = await DuckDBInstance.create(':memory:', job.threads ? { threads: String(job.threads) } : {});
const con = await db.connect();
const run = sql => con.run(sql);

const text = names => '{' + names.map(n => `'${n}': 'VARCHAR'`).join(', ') + '}';
const columns = ['clicked_at', 'partner_key', 'click_id', 'link_id', 'landing_url', 'referrer', 'visitor_id', 'email', 'ip', 'user_agent', 'country'];
const clicks = list(job.clicks);
const narrow = job.late && job.kind === 'parquet';
switch (job.kind) {
  case 'parquet':
    await run(`CREATE VIEW raw AS SELECT *${narrow ? ', file_row_number AS n, file_index AS f' : ''} FROM read_parquet(${clicks}${narrow ? ', file_row_number = true' : ''})`);
    break;
  case 'csv':
    await run(`CREATE VIEW raw AS SELECT * FROM read_csv(${clicks}, header = true, auto_detect = false, delim = ',', quote = '"', escape = '"', columns = ${text(columns)})`);
    break;
  case 'jsonl':
    await run(`CREATE VIEW raw AS SELECT * FROM read_json(${clicks}, format = 'newline_delimited', auto_detect = false, columns = ${text(columns)})`);
    break;
  case 'accesslog':
    // A log line is a CSV line with blanks between its fields: faster than any
    // regular expression.
    await run(`CREATE VIEW raw AS SELECT day || zone AS clicked_at, request, nullif(referrer, '-') AS referrer, user_agent, visitor_id, nullif(email, '-') AS email
      FROM read_csv(${clicks}, header = false, auto_detect = false, delim = ' ', quote = '"', escape = '"',
        columns = ${text(['ip', 'ident', 'usr', 'day', 'zone', 'request', 'status', 'size', 'referrer', 'user_agent', 'visitor_id', 'email'])})
      WHERE contains(request, 'ps_partner_key=')`);
}

// 1 payments and attributions, 2 what is without
await run(`CREATE TEMP TABLE attr AS SELECT lower(trim(customer.email)) AS e, created_at AS ts
  FROM read_json(${list(job.transactions)}, format = 'newline_delimited', auto_detect = false, columns = {'created_at': 'BIGINT', 'customer': 'STRUCT(email VARCHAR)'})`);
await run(`CREATE TEMP TABLE pay AS SELECT id, lower(trim("Customer Email")) AS e, epoch_ms("Created date (UTC)"::TIMESTAMP) AS ts
  FROM read_csv(${list(job.payments)}, header = true, auto_detect = false, delim = ',', quote = '"', escape = '"', columns = ${text(job.paymentColumns)}) WHERE Status = 'Paid'`);
await run(`CREATE TEMP TABLE lost AS SELECT * FROM pay p WHERE NOT EXISTS
  (SELECT 1 FROM attr a WHERE a.e = p.e AND a.ts BETWEEN p.ts - 2592000000 AND p.ts + 2592000000)`);
await run(`CREATE TEMP TABLE wanted AS SELECT DISTINCT e FROM lost`);

// 3 the browsers of the people behind them
await run(`CREATE TEMP TABLE stitch AS SELECT DISTINCT visitor_id, e FROM (
    SELECT visitor_id, lower(trim(email)) AS e FROM read_csv(${list(job.signups)}, header = true, auto_detect = false, delim = ',', quote = '"', escape = '"', columns = ${text(job.signupColumns)})
    UNION ALL
    SELECT visitor_id, lower(trim(email)) AS e FROM raw WHERE email IS NOT NULL AND email <> ''
  ) WHERE e IN (SELECT e FROM wanted)`);

// 4 their clicks, 5 the last one of each payment, and counts
const fields = {
  parquet: `epoch_ms(clicked_at) AS ms, click_id, partner_key, link_id, landing_url, referrer, user_agent, country`,
  csv: `epoch_ms(clicked_at::TIMESTAMP) AS ms, click_id, partner_key, link_id, landing_url, referrer, user_agent, country`,
  jsonl: `epoch_ms(clicked_at::TIMESTAMP) AS ms, click_id, partner_key, link_id, landing_url, referrer, user_agent, country`,
  accesslog: `epoch_ms(strptime(clicked_at, '[%d/%b/%Y:%H:%M:%S%z]')::TIMESTAMP) AS ms, regexp_extract(request, '[?&]ps_xid=([^& ]*)', 1) AS click_id,
    regexp_extract(request, '[?&]ps_partner_key=([^& ]*)', 1) AS partner_key, '' AS link_id, split_part(request, ' ', 2) AS landing_url, referrer, user_agent, '' AS country`,
}[job.kind];
const columnsOut = `id AS purchase_id, l.e AS email, l.ts AS ts, coalesce(clicks, 0) AS clicks, coalesce(partners, 0) AS partners, coalesce(visitors, 0) AS visitors,
  first_at, last_at, last.click_id AS click_id, last.partner_key AS partner_key, last.link_id AS link_id, last.landing_url AS landing_url, last.referrer AS referrer,
  last.user_agent AS user_agent, last.country AS country`;
if (narrow) {
  // Only what counting needs of all candidates; the rest of the winners' rows.
  await run(`CREATE TEMP TABLE cand AS SELECT e, visitor_id, epoch_ms(clicked_at) AS ms, partner_key, f, n FROM raw JOIN stitch USING (visitor_id)`);
  await run(`CREATE TEMP TABLE counted AS SELECT l.id, count(*) AS clicks, count(DISTINCT partner_key) AS partners, count(DISTINCT visitor_id) AS visitors, min(ms) AS first_at, max(ms) AS last_at
    FROM lost l JOIN cand c ON c.e = l.e AND c.ms BETWEEN l.ts - 15552000000 AND l.ts GROUP BY l.id`);
  await run(`CREATE TEMP TABLE winners AS SELECT DISTINCT l.id, c.f, c.n FROM counted k JOIN lost l ON l.id = k.id JOIN cand c ON c.e = l.e AND c.ms = k.last_at`);
  await run(`CREATE TEMP TABLE rows AS SELECT ${fields}, f, n FROM raw WHERE (f, n) IN (SELECT f, n FROM winners)`);
  await run(`COPY (SELECT ${columnsOut} FROM lost l LEFT JOIN counted USING (id) LEFT JOIN
      (SELECT id, arg_max(r, r.click_id) AS last FROM winners w JOIN rows r ON r.f = w.f AND r.n = w.n GROUP BY id) USING (id))
    TO '${job.out}' (FORMAT csv, HEADER)`);
} else {
  await run(`CREATE TEMP TABLE cand AS SELECT e, visitor_id, ${fields} FROM raw JOIN stitch USING (visitor_id)`);
  await run(`COPY (SELECT ${columnsOut} FROM lost l LEFT JOIN
      (SELECT l.id, count(*) AS clicks, count(DISTINCT partner_key) AS partners, count(DISTINCT visitor_id) AS visitors, min(ms) AS first_at, max(ms) AS last_at,
        arg_max(c, (ms, click_id)) AS last
      FROM lost l JOIN cand c ON c.e = l.e AND c.ms BETWEEN l.ts - 15552000000 AND l.ts GROUP BY l.id) USING (id))
    TO '${job.out}' (FORMAT csv, HEADER)`);
}
