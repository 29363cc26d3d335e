// Package lake keeps tables as Parquet files. It is one of the two doors of
// the Parquet library; the other, package rows, reads what vendors export.
package lake
