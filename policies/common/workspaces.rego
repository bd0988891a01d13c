package parachute.common

# How the sender may use a workspace: "read_write", "read_only", or undefined for not at all. What is not in data.yaml is
# nobody's.
access(workspace) := "read_write" if writable(workspace)

access(workspace) := "read_only" if {
	readable(workspace)
	not writable(workspace)
}

writable(workspace) if {
	listed(data.workspaces[workspace].read_write)
	not stranger
}

# Strangers write in the folder that is theirs alone. In a shared one they could leave words for others' agents to obey.
writable("personal") if listed(data.workspaces.personal.read_write)

readable(workspace) if listed(data.workspaces[workspace].read_write)

readable(workspace) if listed(data.workspaces[workspace].read_only)

readable(workspace) if granted(workspace)

writable(workspace) if {
	granted(workspace)
	data.workspaces[workspace].granted == "read_write"
}

listed(who) if {
	known
	holds(who.roles)
}

listed(who) if {
	known
	input.user.id in who.people
}

listed(who) if {
	known
	some identity in input.user.identities
	identity in who.people
}

# A grant opens a workspace that data.yaml knows, to read; and to write where `granted: read_write` says so there.
granted(workspace) if {
	known
	some grant in input.user.workspaces
	grant.name == workspace
	grant.role in roles
	data.workspaces[workspace]
}
