// Package gate is the policy enforcement point: every event of every connector
// passes through it, and nothing happens on the way to a session without an
// allow decision that is already on disk.
//
// The way of an event: receive, identify, count, decide, record, act. What the
// policies see of a message is made in one place (input.go). The gate holds no
// rule of its own about who may do what; where it cannot ask the policies or
// cannot keep what they said, it denies.
package gate
