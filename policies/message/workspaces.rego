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

# A stranger's code is taken in no workspace that is theirs: no session begins by it.
workspace := data.default_workspace if pairs

requested_open if common.access(requested_workspace)

asks_for_workspace if input.message.command == "workspace"

# What the session may do with the workspace, how big it may get, and what else it sees.
vault := object.union_n([{"access": common.access(workspace)}, vault_quota, vault_mounts])

default vault_quota := {}

vault_quota := {"quota_mib": quota_mib} if common.quota(quota_mib)

default vault_mounts := {}

vault_mounts := {"mounts": mounts} if mounts != set()

# A workspace's own quota goes before everybody's.
quota_mib := data.workspaces[workspace].quota_mib

quota_mib := data.default_quota_mib if {
	workspace
	not quota_of_its_own
}

quota_of_its_own if "quota_mib" in object.keys(data.workspaces[workspace])

# The workspaces that a sandbox shows beside its own, to read: only those that the sender may use anyway. Nobody's personal
# one, and nothing on the host, where a session sees what the account sees.
mounts contains name if {
	trust == "sandboxed"
	some name in data.workspaces[workspace].mounts
	name != workspace
	name != "personal"
	regex.match(`^[a-z0-9][a-z0-9_-]{0,62}$`, name)
	common.access(name)
}

requested_workspace := data.groups.chats[input.chat.id].workspace if group_workspace

requested_workspace := input.workspace.requested if not group_workspace

requested_workspace := data.default_workspace if {
	not group_workspace
	not input.workspace.requested
}

# METADATA
# title: Workspaces are for those whom data.yaml names
# description: Somebody else's workspace and one that does not exist get the same words, so that nobody can list them.
# labels: {id: authz.workspace}
deny contains refuse("the workspace is not in data.workspaces for the sender", "workspace") if {
	common.known
	not workspace
}

# METADATA
# title: A workspace has a quota
# description: One that is misspelt or deleted in data.yaml must not mean that there is none.
# labels: {id: workspace.quota}
deny contains {"msg": "data.yaml gives the workspace no quota_mib that is a whole number above 0"} if {
	workspace
	not quota_held
}

quota_held if common.quota(quota_mib)
