//go:build !race

package engine

// slower is by how much bounds on time grow in this build.
const slower = 1
