// Package workbook lays a report out as the Excel workbook that finance
// reviews, and reads workbooks back. It is the door of the Excel library.
//
// Every sheet is written by the library's stream writer: only there does a
// formula carry its result, which Protected View, mail previews and phones
// show. That fixes the order of work on a sheet, see [sheet]. Text from the
// data is always a text cell, never part of a formula, a link, a defined name
// or a list of a validation.
package workbook
