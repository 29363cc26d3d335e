// Package bulk makes of approved purchases what a partner platform needs to
// credit them: items, and the files that people upload. Each platform is one
// file of this package, which registers itself, with its test data in
// testdata/bulk/<name>.
//
// Programs read the files, so no value is quoted against spreadsheets with an
// apostrophe: a value that a field may not hold moves its purchase to
// refused.csv instead. What was made before is not known here; whoever calls
// says so in [Options.Made], and the ledger sees to it that nothing is made
// twice. Package push sends the same items through a platform's API.
package bulk
