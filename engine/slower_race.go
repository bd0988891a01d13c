//go:build race

package engine

// slower is by how much bounds on time grow in this build: the race detector
// slows policies down about so much, on a machine that is busy with other tests.
const slower = 10
