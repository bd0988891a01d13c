// Package engine is the policy decision point: it loads Rego policies, holds
// them to their own tests, swaps them in one step, and turns an input into a
// decision that names the rules that fired.
//
// It is the only importer of OPA. While deciding it reads no clock, no file and
// no network: a decision is a pure function of the policy revision, its data and
// the input. It never admits by accident: an error, a timeout, an undefined or
// ill-typed result is a denial with a rule id that says so.
package engine
