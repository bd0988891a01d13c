package parachute.startup

# METADATA
# title: An approval without a role makes nobody an owner
# description: "`pairing.role` names what a stranger gets when `approve` names no role."
# labels: {id: startup.pairing_role}
deny contains {"msg": sprintf("pairing.role in data.yaml must not be %s; name a role such as member", [role])} if {
	some role in ["owner", "admin"]
	data.pairing.role == role
}

# METADATA
# title: The list of connectors that ask for a token can be read
# description: A connector that was meant to be in it would ask for none.
# labels: {id: startup.tokens}
deny contains {"msg": "tokens.required in data.yaml must be a list of connectors' names; write [] for none"} if {
	tokens_written
	not tokens_listed
}

# METADATA
# title: Pairing is for audiences that there are
# description: What is misspelt gives nobody a code.
# labels: {id: startup.pairing_audience}
warn contains {"msg": sprintf("pairing.audiences in data.yaml: %v is none; %s", [name, mend_audiences])} if {
	some name in names_of(data.pairing.audiences)
	not name in {"public", "private", "team", "development"}
}

# METADATA
# title: A token is asked for by a connector that there is
# description: One that is misspelt asks for none.
# labels: {id: startup.token_connector}
warn contains {"msg": sprintf("tokens.required in data.yaml names %v, which parachute.yaml does not have; it has: %s", [name, there])} if {
	there := concat(", ", sort(connectors))
	some name in data.tokens.required
	not name in connectors
}

# METADATA
# title: Keys of roles and groups mean something
# description: One that is misspelt has no effect.
# labels: {id: startup.entry_key}
warn contains {"msg": sprintf("%s in data.yaml has no key %q; it can have: %s", [name, key, concat(", ", sort(known))])} if {
	some name, [entry, known] in entries
	some key, _ in entry
	not key in known
}

# METADATA
# title: Lists of roles, groups and workspaces are lists
# description: A single word in the place of one names nothing.
# labels: {id: startup.entry_list}
warn contains {"msg": sprintf("%s.%s in data.yaml must be a list; write [%v]", [name, key, value])} if {
	some name, [entry, _] in entries
	some key, value in entry
	key in {"chats", "gives", "people", "roles", "tools"}
	not texts(value)
}

# METADATA
# title: Commands are those that there are
# description: One that is misspelt is given to nobody, and its default goes on holding.
# labels: {id: startup.command}
warn contains {"msg": sprintf("commands in data.yaml names %s, which is no command; there are: %s", [name, there])} if {
	there := concat(", ", sort(commands))
	some name, _ in data.commands
	not name in commands
}

commands := {
	"add", "approve", "block", "deny", "help", "join", "limits", "new", "pair", "remove", "role",
	"sessions", "share", "start", "status", "stop", "unblock", "unshare", "users", "whoami", "workspace",
}

entries[sprintf("roles.%s", [name])] := [entry, {"chats", "tools", "gives"}] if some name, entry in data.roles

entries[sprintf("groups.chats.%s", [name])] := [entry, {"mode", "roles", "workspace"}] if some name, entry in data.groups.chats

entries[sprintf("workspaces.%s.%s", [name, access])] := [entry[access], {"roles", "people", "chats"}] if {
	some name, entry in data.workspaces
	some access in ["read_write", "read_only"]
}

tokens_written if data.tokens

tokens_listed if texts(data.tokens.required)

connectors contains connector.name if some connector in input.config.connectors

mend_audiences := "write a list of private, team, development or public"

names_of(list) := list if is_array(list)

names_of(list) := [list] if not is_array(list)
