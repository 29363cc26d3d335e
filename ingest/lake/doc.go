// Package lake keeps what was read of each input, so that it is parsed once: its
// rows as Parquet, an account of the file, and of clicks and visits a digest in
// which the rows of a few people are found without reading the rest. A catalog
// in SQLite says which files are live and which input made them; docs/lake.md
// describes all of it.
//
// The lake is a memory and no source. It is asked about inputs by their content
// and the way they are read ([Key]), and a run over it must give what reading
// the files again would. It knows nothing of sources, formats or verdicts.
//
// The package is one of the two doors of the Parquet library; the other,
// package rows, reads what vendors export. [WriteFile] and [ReadFile] serve
// those who write reports.
package lake
