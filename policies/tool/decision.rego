# METADATA
# scope: package
# entrypoint: true
# title: May an agent make this tool call?
# description: |
#   Asked for every tool call or permission request of an agent, each time anew. Allowed is what `allow` holds for and no
#   `deny` speaks against; `ask` makes a person approve it first. Paths come as the agent gave them.
# schemas:
#   - input: schema.tool.input
package parachute.tool

import data.parachute.common

default allow := false

# METADATA
# title: Roles use the kinds of tool that data.yaml gives them
# description: "`roles.<role>.tools` in data.yaml."
# labels: {id: tool.role}
# scope: rule
allow if granted

granted if {
	common.known
	some role in common.roles
	input.tool.kind in data.roles[role].tools
}

refuse(msg, name) := {"msg": msg, "reply": common.reply(name)}
