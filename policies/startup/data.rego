package parachute.startup

# data.yaml is edited by people: what is misspelt there closes something, and these rules say what.

# METADATA
# title: Strangers have a guest's powers, not an owner's
# description: "`audience.public.strangers` names a role of data.yaml, but not one that runs the bot."
# labels: {id: startup.strangers}
deny contains {"msg": sprintf("audience.public.strangers in data.yaml must not be %s; name a role such as guest", [role])} if {
	some role in ["owner", "admin"]
	data.audience.public.strangers == role
}

# METADATA
# title: A role for everybody is a word of its own
# description: "`anyone`, `all` and `blocked` mean something already."
# labels: {id: startup.reserved_role}
deny contains {"msg": sprintf("roles in data.yaml must not define %s, which has a meaning of its own; choose another name", [role])} if {
	some role in ["anyone", "all", "blocked"]
	data.roles[role]
}

# METADATA
# title: Workspace names can be folder names
# description: Lower case letters, digits, "-" and "_".
# labels: {id: startup.workspace_name}
deny contains {"msg": sprintf("the workspace name %q in data.yaml is not valid; use a-z, 0-9, - and _, at most 63 of them", [name])} if {
	some name, _ in data.workspaces
	not regex.match(`^[a-z0-9][a-z0-9_-]{0,62}$`, name)
}

# METADATA
# title: Limits have a name that is counted
# description: A limit that is misspelt would not be counted.
# labels: {id: startup.limit}
deny contains {"msg": sprintf("limits in data.yaml: %q is not valid; %s", [name, help])} if {
	help := "write messages_per_minute, messages_per_hour or messages_per_day with a whole number"
	some quota in quotas
	some name, most in quota
	not limit_valid(name, most)
}

# METADATA
# title: Bounds are numbers
# description: A bound that is no number holds everything back.
# labels: {id: startup.bound}
deny contains {"msg": sprintf("%s in data.yaml is not valid; write a whole number without a unit, such as %d", [name, example])} if {
	some name, example in bounds
	not bound_valid(name)
}

# METADATA
# title: Patterns of protected files can be read
# description: Every path counts as protected by a pattern that cannot.
# labels: {id: startup.pattern}
deny contains {"msg": sprintf("tools in data.yaml: the pattern %v cannot be read; write a file name, with * for anything", [pattern])} if {
	some name in ["protected", "secret"]
	some pattern in data.tools[name]
	not pattern_valid(pattern)
}

# METADATA
# title: There is a list of protected files
# description: Without it every tool call is denied by tool.lists.
# labels: {id: startup.lists}
deny contains {"msg": sprintf("tools.%s in data.yaml is missing or empty; put the default list back", [name])} if {
	some name in ["protected", "secret"]
	not listed(name)
}

# METADATA
# title: Roles that data.yaml does not define
# description: A role that is misspelt grants nothing.
# labels: {id: startup.role}
warn contains {"msg": sprintf("data.yaml names the role %q, which roles does not define; add it there, or mend the spelling", [role])} if {
	some role in named_roles
	not data.roles[role]
	role != "anyone"
}

# METADATA
# title: Settings of events are ignore or answer
# description: Anything else is taken for ignore.
# labels: {id: startup.event}
warn contains {"msg": sprintf("events.%s in data.yaml is taken for ignore; write ignore or answer", [name])} if {
	some name, setting in data.events
	setting != "ignore"
	setting != "answer"
}

named_roles contains data.local_role

named_roles contains data.audience.public.strangers

named_roles contains role if {
	some entry in data.trust
	some role in entry.direct_for
}

named_roles contains role if {
	some entry in data.commands
	some role in entry.roles
}

named_roles contains role if {
	some entry in data.workspaces
	some role in entry.read_write.roles
}

named_roles contains role if {
	some entry in data.workspaces
	some role in entry.read_only.roles
}

named_roles contains role if {
	some entry in data.groups.chats
	some role in entry.roles
}

named_roles contains role if some role, _ in data.limits.roles

named_roles contains data.pairing.role

named_roles contains role if some role in data.people.oversee

named_roles contains role if {
	some entry in data.roles
	some role in entry.gives
	role != "all"
}

named_roles contains role if {
	some choice in data.agents.choices
	some role in choice.roles
}

quotas contains quota if some quota in data.limits.roles

quotas contains quota if {
	some name in ["others", "group", "stop", "strangers", "connector", "all"]
	quota := data.limits[name]
}

limit_valid(name, most) if {
	name in {"messages_per_minute", "messages_per_hour", "messages_per_day"}
	whole(most)
}

bounds := {
	"content.max_text_bytes": 102400,
	"content.max_age_seconds": 300,
	"content.attachments.max_count": 10,
	"content.attachments.max_bytes": 10000000,
	"tools.max_note_bytes": 1048576,
	"pairing.guesses_per_hour": 5,
	"pairing.strangers_guesses_per_hour": 200,
}

bound_valid("content.max_text_bytes") if whole(data.content.max_text_bytes)

bound_valid("content.max_age_seconds") if whole(data.content.max_age_seconds)

bound_valid("content.attachments.max_count") if whole(data.content.attachments.max_count)

bound_valid("content.attachments.max_bytes") if whole(data.content.attachments.max_bytes)

bound_valid("tools.max_note_bytes") if whole(data.tools.max_note_bytes)

bound_valid("pairing.guesses_per_hour") if whole(data.pairing.guesses_per_hour)

bound_valid("pairing.strangers_guesses_per_hour") if whole(data.pairing.strangers_guesses_per_hour)

whole(number) if {
	is_number(number)
	number >= 0
	floor(number) == number
}

pattern_valid(pattern) if is_boolean(glob.match(pattern, null, ""))

listed(name) if {
	some _ in data.tools[name]
}
