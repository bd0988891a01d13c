package parachute.tool

import data.parachute.common

# METADATA
# title: A note has a bounded size
# description: |
#   `tools.max_note_bytes` in data.yaml, for one call. A size that is not stated is too big. A file that came with a message
#   has its own bound, `content.attachments.max_bytes`.
# labels: {id: tool.note_size}
deny contains refuse("more than data.tools.max_note_bytes in one call", "tool_size") if {
	input.tool.kind in {"write", "append"}
	not small
}

small if common.at_most(input.tool.bytes, data.tools.max_note_bytes)

small if {
	input.tool.name == "notes.receive"
	common.at_most(input.tool.bytes, data.content.attachments.max_bytes)
}
