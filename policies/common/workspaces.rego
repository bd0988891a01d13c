package parachute.common

# How the sender may use a workspace: "read_write", "read_only", or undefined for not at all. What is not in data.yaml is
# nobody's.
access(workspace) := "read_write" if writable(workspace)

access(workspace) := "read_only" if {
	readable(workspace)
	not writable(workspace)
}

writable(workspace) if {
	entered(data.workspaces[workspace].read_write)
	not stranger
}

# Strangers write in the folder that is theirs alone. In a shared one they could leave words for others' agents to obey.
writable("personal") if entered(data.workspaces.personal.read_write)

writable(workspace) if {
	workspace in granted
	data.workspaces[workspace].granted == "read_write"
}

readable(workspace) if entered(data.workspaces[workspace].read_write)

readable(workspace) if entered(data.workspaces[workspace].read_only)

readable(workspace) if workspace in granted

# A grant opens a workspace that data.yaml knows, to read; and to write where `granted: read_write` says so there.
granted contains grant.name if {
	known
	some grant in input.user.workspaces
	grant.role in roles
	data.workspaces[grant.name]
}

# Workspaces are for people, and for whoever is known and speaks in a chat.
entered(who) if listed(who)

entered(who) if {
	known
	input.chat.id in who.chats
}

listed(who) if {
	known
	holds(who.roles)
}

listed(who) if {
	known
	input.user.id in who.people
}

# Whoever is known by several identities is named by each of them.
listed(who) if {
	known
	some identity in input.user.identities
	identity in who.people
}
