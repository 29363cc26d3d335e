package lake

import "github.com/parquet-go/parquet-go"

// ReadFile reads all rows of a Parquet file that [WriteFile] wrote, in order.
// Columns of the file that T lacks are left out; those that only T has stay
// zero.
func ReadFile[T any](path string) ([]T, error) { return parquet.ReadFile[T](path) }
