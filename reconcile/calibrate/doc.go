// Package calibrate fits the weights of findings (gap.Weights) to labelled
// journeys, and tells how reliable the probabilities are that they give.
//
// It is told which findings were seen and which cases would be right, and knows
// neither vendors nor files: where labels come from is the caller's affair.
package calibrate
