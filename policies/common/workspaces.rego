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

listed(who) if {
	known
	holds(who.roles)
}

listed(who) if {
	known
	input.user.id in who.people
}
