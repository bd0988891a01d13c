// Package policies holds the default policies: Rego by decision point, the data
// that people tune, the schemas of the inputs, and the tests of all of it. It is
// a valid OPA bundle root, and what `parachute init` writes for people to edit.
//
// It holds files and nothing else: it never loads, compiles or evaluates them.
package policies

import "embed"

// FS is this folder: every .rego file with its tests, data.yaml and the schemas.
//
//go:embed data.yaml *.rego common message schemas startup tool
var FS embed.FS
