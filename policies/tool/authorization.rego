package parachute.tool

import data.parachute.common

# METADATA
# title: Nothing is done for blocked people
# description: Not even in a turn that began before they were blocked.
# labels: {id: tool.blocked}
deny contains {"msg": "the person is blocked"} if common.blocked

# METADATA
# title: A tool call serves the session's own person
# description: |
#   One person's session never works for another, unless it is shared. All else is then decided for the one who speaks.
# labels: {id: tool.session_owner}
deny contains refuse("the session belongs to somebody else", "tool") if {
	not own_session
	not session_shared
}

# METADATA
# title: A role has its kinds of tool
# description: "`roles.<role>.tools` in data.yaml. Unknown kinds are nobody's."
# labels: {id: tool.kind}
deny contains refuse("the person's roles have no tools of this kind (data.roles)", "tool") if not granted

# METADATA
# title: A tool call stays in a workspace of the person
# description: Decided anew for each call, so that a right that was taken away ends at once.
# labels: {id: tool.workspace}
deny contains refuse("the workspace is not in data.workspaces for the person", "tool") if not workspace_access

# METADATA
# title: Read-only is read-only
# description: Neither a session nor a workspace that is read-only lets an agent change anything.
# labels: {id: tool.read_only}
deny contains refuse("the workspace is read-only for the person", "tool_read_only") if {
	changes
	not writable
}

# METADATA
# title: A direct session needs direct trust
# description: Who may no longer run on the host does not go on there.
# labels: {id: tool.trust}
deny contains refuse("the session's trust is not the person's", "tool") if not trust_holds

# METADATA
# title: Programs on the host are logged each time
# description: The session is direct, so nothing contains what the agent runs.
# labels: {id: tool.direct}
warn contains {"msg": "the agent runs a program on the host, without a sandbox"} if {
	input.session.trust == "direct"
	input.tool.kind == "execute"
}

own_session if input.session.user == input.user.id

session_shared if input.session.shared == true

workspace_access := common.access(input.session.workspace)

# All but these count as changing something.
changes if not only_reads

only_reads if input.tool.kind in {"list", "read", "search", "fetch"}

writable if {
	input.session.access == "read_write"
	workspace_access == "read_write"
}

trust_holds if input.session.trust == "sandboxed"

trust_holds if {
	input.session.trust == "direct"
	common.trust == "direct"
}
