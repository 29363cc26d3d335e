// Package gap is the vocabulary of a verdict: the gap (a purchase nobody was
// credited for), the journey it is judged by, the failure cases with their
// findings and weights, and the other records a run reports.
//
// Each failure case is one case_*.go file. It says in words what the case
// means, what shows it and what to do, and declares the findings that speak
// for or against it. A finding looks at a [Journey] only: no table, clock or
// file, so that a night's run, a test and a distributed worker judge alike.
package gap
