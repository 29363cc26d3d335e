// The reference job in Polars. argv: the job as JSON; see job in cmd/bench.
import pl from 'nodejs-polars';

const job = JSON.parse(process.argv[2]);
const columns = ['clicked_at', 'partner_key', 'click_id', 'link_id', 'landing_url', 'referrer', 'visitor_id', 'email', 'ip', 'user_agent', 'country'];
const strings = names => Object.fromEntries(names.map(n => [n, pl.Utf8]));
const all = (files, scan) => files.length === 1 ? scan(files[0]) : pl.concat(files.map(scan));
const email = name => pl.col(name).str.strip().str.toLowerCase();
const DAY = 86400000;

let raw;
switch (job.kind) {
  case 'parquet':
    raw = all(job.clicks, f => pl.scanParquet(f));
    break;
  case 'csv':
    raw = all(job.clicks, f => pl.scanCSV(f, { schema: strings(columns) }));
    break;
  case 'jsonl':
    raw = all(job.clicks, f => pl.scanJson(f, { inferSchemaLength: 10000 }));
    break;
  default:
    throw new Error(`no form of the job for ${job.kind}`);
}
const at = job.kind === 'parquet'
  ? pl.col('clicked_at').cast(pl.Datetime('ms')).cast(pl.Int64).alias('at')
  : pl.col('clicked_at').str.replace('Z', '').str.strptime(pl.Datetime('ms'), '%Y-%m-%dT%H:%M:%S%.3f').cast(pl.Datetime('ms')).cast(pl.Int64).alias('at');

// 1 payments and attributions, 2 what is without
const attr = await all(job.transactions, f => pl.scanJson(f, { inferSchemaLength: 100 }))
  .select(pl.col('customer').struct.field('email').str.strip().str.toLowerCase().alias('e'), pl.col('created_at').cast(pl.Int64).alias('paid'))
  .collect({ streaming: true });
const pay = await all(job.payments, f => pl.scanCSV(f, { schema: strings(job.paymentColumns) }))
  .filter(pl.col('Status').eq(pl.lit('Paid')))
  .select(pl.col('id'), email('Customer Email').alias('e'), pl.col('Created date (UTC)').str.strptime(pl.Datetime('ms'), '%Y-%m-%d %H:%M:%S').cast(pl.Datetime('ms')).cast(pl.Int64).alias('ts'))
  .collect({ streaming: true });
const covered = pay.join(attr, { on: 'e', how: 'inner' })
  .filter(pl.col('paid').gtEq(pl.col('ts').minus(pl.lit(30 * DAY))).and(pl.col('paid').ltEq(pl.col('ts').plus(pl.lit(30 * DAY)))))
  .select('id').unique();
const lost = pay.join(covered, { on: 'id', how: 'anti' });
const wanted = lost.select('e').unique();

// 3 the browsers of the people behind them
const signups = all(job.signups, f => pl.scanCSV(f, { schema: strings(job.signupColumns) })).select(pl.col('visitor_id'), email('email').alias('e'));
const mailed = raw.filter(pl.col('email').isNotNull()).select(pl.col('visitor_id'), email('email').alias('e'));
const stitch = (await pl.concat([signups, mailed]).join(wanted.lazy(), { on: 'e', how: 'semi' }).unique().collect({ streaming: true }));

// 4 their clicks, 5 the last one of each payment, and counts
const cand = await raw.join(stitch.lazy(), { on: 'visitor_id', how: 'inner' })
  .select(pl.col('e'), pl.col('visitor_id'), at, ...columns.slice(1).filter(c => !['visitor_id', 'email', 'ip'].includes(c)).map(c => pl.col(c)))
  .collect({ streaming: true });
const within = lost.join(cand, { on: 'e', how: 'inner' })
  .filter(pl.col('at').ltEq(pl.col('ts')).and(pl.col('at').gtEq(pl.col('ts').minus(pl.lit(180 * DAY)))))
  .sort(['at', 'click_id']);
const counted = within.groupBy('id').agg(pl.col('at').count().alias('clicks'), pl.col('partner_key').nUnique().alias('partners'), pl.col('visitor_id').nUnique().alias('visitors'),
  pl.col('at').first().alias('first_at'), pl.col('at').last().alias('last_at'), ...['click_id', 'partner_key', 'link_id', 'landing_url', 'referrer', 'user_agent', 'country'].map(c => pl.col(c).last().alias(c)));
lost.join(counted, { on: 'id', how: 'left' })
  .select(pl.col('id').alias('purchase_id'), pl.col('e').alias('email'), pl.col('ts'), ...['clicks', 'partners', 'visitors'].map(c => pl.col(c).fillNull(0).cast(pl.Int64)),
    ...['first_at', 'last_at'].map(c => pl.col(c).cast(pl.Int64)), ...['click_id', 'partner_key', 'link_id', 'landing_url', 'referrer', 'user_agent', 'country'].map(c => pl.col(c)))
  .writeCSV(job.out);
