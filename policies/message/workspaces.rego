package parachute.message

import data.parachute.common

# The workspace of the session, once it is clear that the sender may use it.
workspace := requested_workspace if common.access(requested_workspace)

# Commands go through when the chosen workspace is lost, so that one of them can mend it.
workspace := data.default_workspace if {
	is_command
	not asks_for_workspace
	not requested_open
	common.access(data.default_workspace)
}

requested_open if common.access(requested_workspace)

asks_for_workspace if input.message.command == "workspace"

vault := {"access": common.access(workspace)}

requested_workspace := input.workspace.requested

requested_workspace := data.default_workspace if not input.workspace.requested

# METADATA
# title: Workspaces are for those whom data.yaml names
# description: Somebody else's workspace and one that does not exist get the same words, so that nobody can list them.
# labels: {id: authz.workspace}
deny contains refuse("the workspace is not in data.workspaces for the sender", "workspace") if {
	common.known
	not workspace
}
