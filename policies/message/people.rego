package parachute.message

import data.parachute.common

# METADATA
# title: A role is given by those who may
# description: "`roles.<role>.gives` in data.yaml. One that data.yaml does not define is nobody's to give."
# labels: {id: people.role}
deny contains refuse("the sender may not give this role (data.roles), or it is not defined", "people_role") if {
	changes_somebody
	some role in input.message.target.grants
	not giveable(role)
}

# METADATA
# title: Nobody changes who stands above them
# description: Whoever may not give somebody's roles can neither take them away nor block that person.
# labels: {id: people.rank}
deny contains refuse("the person has a role that the sender may not give (data.roles)", "people_rank") if {
	changes_somebody
	some role in input.message.target.roles
	role != "blocked"
	not ranks(role)
}

# METADATA
# title: A role that ends, or holds in one place, is given no further
# description: |
#   Who has a role for some time or in one chat gives and takes away nothing by it: that would outlast their own. One that
#   holds in direct messages alone, for ever, gives what holds there as well.
# labels: {id: people.lasting}
deny contains refuse("the role by which the sender could do this ends, or does not hold everywhere", "people_lasting") if {
	changes_somebody
	not out_of_reach
	some role in concerned
	not handles(role)
}

# METADATA
# title: Who has a role for some time turns nobody away
# description: To block somebody, to take that back, to forget them or to deny a request outlasts a role that ends.
# labels: {id: people.passing}
deny contains refuse("the sender's role ends, or does not hold everywhere, and turning somebody away lasts", "people_lasting") if {
	input.message.command in {"block", "unblock", "remove", "deny"}
	input.message.target.kind
	command_granted
	not turns_away
}

# METADATA
# title: Others' matters are told in direct messages
# description: "Who is known, and what others have open and left: in a group, everybody there would read it."
# labels: {id: people.dm}
deny contains refuse("others' matters are told in direct messages alone", "people_dm") if {
	tells_of_others
	command_granted
	not in_dm
}

# METADATA
# title: Nobody changes themselves
# description: An owner who blocks or demotes themselves would lock the bot. At the terminal it can be done.
# labels: {id: people.self}
deny contains refuse("the command is about the sender", "people_self") if {
	input.message.command in {"block", "unblock", "role", "remove"}
	input.message.target.id == input.user.id
	command_granted
	not common.local
}

# METADATA
# title: Nobody opens more than they have
# description: A workspace is opened to somebody by those who may use it themselves, in the same way.
# labels: {id: people.workspace}
deny contains refuse("the sender may not open this workspace", "people_workspace") if {
	changes_somebody
	workspace := input.message.target.workspace
	not opens(workspace)
}

# METADATA
# title: Others' matters are for those who oversee them
# description: |
#   `people.oversee` in data.yaml: who sees and stops what is others'. Everybody else gets the words of an unknown command,
#   whether it is there or not.
# labels: {id: people.others}
deny contains refuse("what is others' is for the roles of data.people.oversee", "command") if {
	about_others
	common.known
	not oversees
}

changes_somebody if {
	input.message.command in {"approve", "add", "role", "block", "unblock", "remove"}
	command_granted
}

# What no role of the sender's gives has words of its own.
out_of_reach if {
	some role in input.message.target.grants
	not giveable(role)
}

out_of_reach if {
	some role in concerned
	not ranks(role)
}

giveable(role) if {
	data.roles[role]
	ranks(role)
}

# The roles that the command gives or takes away.
concerned contains role if {
	some role in input.message.target.grants
	data.roles[role]
}

concerned contains role if {
	some role in input.message.target.roles
	role != "blocked"
}

# The roles that the sender may give and take away by those that they have, however long and wherever they have them.
ranks(_) if common.local

ranks(role) if {
	some mine in common.roles
	gives(mine, role)
}

# The roles that they may give and take away by those that last as long, and hold as widely, as what is given.
handles(_) if common.local

handles(role) if {
	some mine in common.roles
	stays(mine)
	gives(mine, role)
}

# `role` is not among them: it takes away what somebody had elsewhere.
gives_in_dm if {
	input.message.command in {"approve", "add"}
	input.message.target.scope == "dm"
}

turns_away if common.local

turns_away if {
	some role in common.roles
	role in input.user.lasting
	may_command(role)
}

turns_away if {
	input.message.command == "deny"
	some role in common.roles
	role in input.user.lasting_dm
	may_command(role)
}

# Another role of theirs that lasts is not enough: it must be one that the command is for.
may_command(role) if role in data.commands[input.message.command].roles

may_command(_) if "anyone" in data.commands[input.message.command].roles

# Whether the sender has a role that never ends, and holds everywhere.
lasts if common.local

lasts if {
	some role in common.roles
	role in input.user.lasting
}

lasts_in_dm if {
	some role in common.roles
	role in input.user.lasting_dm
}

gives(mine, role) if {
	some name in data.roles[mine].gives
	name in {role, "all"}
}

opens(workspace) if {
	common.local
	data.workspaces[workspace]
}

opens(workspace) if {
	common.access(workspace) == "read_write"
	lastingly(data.workspaces[workspace].read_write)
}

opens(workspace) if {
	common.access(workspace)
	not opened_to_write(workspace)
	some way in ["read_write", "read_only"]
	lastingly(data.workspaces[workspace][way])
}

# Whether the sender is in a list by what stays: by a role that lasts as long, and holds as widely, as what is given, or by
# name. What comes by a grant may end, and what comes by a chat holds there alone.
lastingly(who) if {
	some role in common.roles
	role in who.roles
	stays(role)
}

lastingly(who) if {
	"anyone" in who.roles
	some role in common.roles
	stays(role)
}

lastingly(who) if input.user.id in who.people

lastingly(who) if {
	some identity in input.user.identities
	identity in who.people
}

stays(role) if role in input.user.lasting

stays(role) if {
	gives_in_dm
	role in input.user.lasting_dm
}

opened_to_write(workspace) if data.workspaces[workspace].granted == "read_write"

tells_of_others if input.message.command == "users"

tells_of_others if {
	about_others
	input.message.command in {"sessions", "limits"}
	oversees
}

oversees if common.holds(data.people.oversee)

about_others if {
	input.message.command == "users"
	not about_self
}

about_others if {
	input.message.command in {"sessions", "limits", "stop"}
	input.message.target.kind
	not about_self
}

about_self if {
	input.message.target.kind in {"person", "session"}
	input.message.target.id == input.user.id
}
