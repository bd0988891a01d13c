package stdio

import _ "embed"

//go:embed schema.json
var schemaJSON string

// Schema gives the JSON Schema (draft 2020-12) of the connector's lines, with
// examples: "$defs" has "event" for a line of In, and "reply" and "error" for
// the lines of Out.
func Schema() string { return schemaJSON }
