// Package ledger remembers from night to night what was reported, decided and
// created, so that a purchase is put before people once, decided once and paid
// once. It is a SQLite file of its own or, shared, a PostgreSQL database.
//
// What forbids a second reward is the key of an item: the purchase, its line
// and the programme, and neither partner, amount nor batch. The bulk files are
// made in three steps, each of which may be the last one that happens: [Ledger.Apply]
// claims the items in one transaction, the files are written as a function of
// what was claimed ([Ledger.Items]), and [Ledger.Emitted] marks them.
//
// It keeps no clock: whoever calls says what time it is. It does not judge, and
// knows neither workbooks nor the files' formats.
package ledger
