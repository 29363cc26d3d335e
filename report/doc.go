// Package report turns the result of a run into what people and programs read:
// the ordered rows to review, the totals, the headline, and the files of a
// run's folder. It adds up and puts into words; it judges nothing.
//
// It stands between reconcile, whose vocabulary (package gap) it reads, and
// package workbook, which lays a [Report] out in Excel. It leaves the reading
// of inputs, the clock and the order of the stages to others.
package report
