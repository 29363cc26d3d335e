// Package table is the vocabulary that every stage of lostlink shares: the
// twelve tables, what a row of each holds, and the Arrow columns the rows are
// kept in. It is a leaf: it imports no other package of the project.
//
// A row type such as [Click] is the one place that says which columns its
// table has. The Arrow schema, the [Builder] that fills it, the [Table] that
// reads it back and the native file format are all derived from its tags.
package table
