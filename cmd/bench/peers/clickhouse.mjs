// The reference job in ClickHouse. argv: the job as JSON; see job in cmd/bench.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'chdb';

const job = JSON.parse(process.argv[2]);
const dir = mkdtempSync(join(tmpdir(), 'chdb-'));
const db = new Session(dir);
const run = sql => db.query(sql, 'CSV');
if (job.threads) run(`SET max_threads = ${job.threads}`);

const text = names => names.map(n => '`' + n + '` String').join(', ');
const glob = files => { // {a,b} may hold no slash: what differs is one folder's name
  if (files.length === 1) return files[0];
  const at = files.map(f => f.split('/'));
  return at[0].map((part, i) => at.every(f => f[i] === part) ? part : '{' + at.map(f => f[i]).join(',') + '}').join('/');
};
const file = (files, format, structure) => `file('${glob(files)}', '${format}', '${structure}')`;
const columns = ['clicked_at', 'partner_key', 'click_id', 'link_id', 'landing_url', 'referrer', 'visitor_id', 'email', 'ip', 'user_agent', 'country'];
let raw;
switch (job.kind) {
  case 'parquet':
    raw = `file('${glob(job.clicks)}', 'Parquet')`;
    break;
  case 'csv':
    raw = file(job.clicks, 'CSVWithNames', text(columns));
    break;
  case 'jsonl':
    raw = file(job.clicks, 'JSONEachRow', text(columns));
    break;
  case 'accesslog':
    // Cutting a line at its quotes is faster than any regular expression.
    raw = `(SELECT splitByChar('"', line) AS cut, substring(cut[1], position(cut[1], '[') + 1, 20) AS day, cut[2] AS request, cut[4] AS referrer, cut[6] AS user_agent,
      cut[8] AS visitor_id, cut[10] AS email FROM ${file(job.clicks, 'LineAsString', 'line String')} WHERE position(line, 'ps_partner_key=') > 0)`;
}
const hasEmail = { parquet: `email IS NOT NULL AND email != ''`, csv: `email != ''`, jsonl: `email != ''`, accesslog: `email != '-'` }[job.kind];
const plain = `click_id, partner_key, link_id, landing_url, referrer, user_agent, country`;
const fields = {
  parquet: `toUnixTimestamp64Milli(clicked_at) AS at, assumeNotNull(click_id) AS click_id, assumeNotNull(partner_key) AS partner_key, link_id, landing_url, referrer, user_agent, country`,
  csv: `toUnixTimestamp64Milli(parseDateTime64BestEffort(clicked_at, 3, 'UTC')) AS at, ${plain}`,
  jsonl: `toUnixTimestamp64Milli(parseDateTime64BestEffort(clicked_at, 3, 'UTC')) AS at, ${plain}`,
  accesslog: `toInt64(toUnixTimestamp(parseDateTime(day, '%d/%b/%Y:%H:%i:%s', 'UTC'))) * 1000 AS at, extract(request, '[?&]ps_xid=([^& ]*)') AS click_id,
    extract(request, '[?&]ps_partner_key=([^& ]*)') AS partner_key, '' AS link_id, splitByChar(' ', request)[2] AS landing_url, if(referrer = '-', '', referrer) AS referrer, user_agent, '' AS country`,
}[job.kind];

// 1 payments and attributions, 2 what is without
run(`CREATE TABLE attr ENGINE = Memory AS SELECT lower(trimBoth(customer.email)) AS e, groupArray(created_at) AS at
  FROM ${file(job.transactions, 'JSONEachRow', 'created_at Int64, customer Tuple(email String)')} GROUP BY e`);
run(`CREATE TABLE lost ENGINE = Memory AS SELECT id, p.e AS e, ts FROM
  (SELECT id, lower(trimBoth(\`Customer Email\`)) AS e, toInt64(toUnixTimestamp(toDateTime(\`Created date (UTC)\`, 'UTC'))) * 1000 AS ts
    FROM ${file(job.payments, 'CSVWithNames', text(job.paymentColumns))} WHERE Status = 'Paid') AS p
  LEFT JOIN attr AS a ON p.e = a.e WHERE NOT arrayExists(x -> x BETWEEN ts - 2592000000 AND ts + 2592000000, a.at)`);
run(`CREATE TABLE wanted ENGINE = Set AS SELECT DISTINCT e FROM lost`);

// 3 the browsers of the people behind them
run(`CREATE TABLE stitch ENGINE = Memory AS SELECT DISTINCT v, e FROM (
    SELECT visitor_id AS v, lower(trimBoth(email)) AS e FROM ${file(job.signups, 'CSVWithNames', text(job.signupColumns))}
    UNION ALL
    SELECT assumeNotNull(visitor_id) AS v, lower(trimBoth(assumeNotNull(email))) AS e FROM ${raw} WHERE ${hasEmail}
  ) WHERE e IN wanted`);

// 4 their clicks, 5 the last one of each payment, and counts
run(`CREATE TABLE cand ENGINE = Memory AS SELECT assumeNotNull(visitor_id) AS v, ${fields} FROM ${raw}
  WHERE visitor_id IN (SELECT v FROM stitch)`);
run(`INSERT INTO FUNCTION file('${job.out}', 'CSVWithNames')
  SELECT l.id AS purchase_id, l.e AS email, l.ts AS ts, k.clicks AS clicks, k.partners AS partners, k.visitors AS visitors, k.first_at AS first_at, k.last_at AS last_at,
    k.last.2 AS click_id, k.last.3 AS partner_key, k.last.4 AS link_id, k.last.5 AS landing_url, k.last.6 AS referrer, k.last.7 AS user_agent, k.last.8 AS country
  FROM lost AS l LEFT JOIN
    (SELECT id, count() AS clicks, uniqExact(partner_key) AS partners, uniqExact(v) AS visitors, min(at) AS first_at, max(at) AS last_at,
      argMax((at, click_id, partner_key, ifNull(link_id, ''), ifNull(landing_url, ''), ifNull(referrer, ''), ifNull(user_agent, ''), ifNull(country, '')), (at, click_id)) AS last
    FROM (SELECT e, c.* FROM cand AS c JOIN stitch AS s ON c.v = s.v) AS c JOIN lost AS l ON c.e = l.e
    WHERE at BETWEEN ts - 15552000000 AND ts GROUP BY id) AS k ON l.id = k.id`);
db.cleanup?.();
rmSync(dir, { recursive: true, force: true });
