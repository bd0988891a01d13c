package parachute.startup

# METADATA
# title: A sandbox's values mean something
# description: |
#   `sandbox` in data.yaml: what a session's process may use. A program is not started with a value that is misspelt, so it
#   is said at once.
# labels: {id: startup.sandbox}
deny contains {"msg": sprintf("%s in data.yaml: %s", [name, fault])} if {
	some name, layer in sandbox_layers
	some fault in layer_faults(layer)
}

# METADATA
# title: A sandbox for an agent that is not there
# description: It has no effect.
# labels: {id: startup.sandbox_agent}
warn contains {"msg": sprintf("sandbox.agents in data.yaml names %s, which parachute.yaml does not have; it has: %s", [name, known])} if {
	some name, _ in data.sandbox.agents
	not name in agent_names
	known := concat(", ", sort(agent_names))
}

# What each part of `sandbox` gives, by its name.
sandbox_layers[sprintf("sandbox.%s", [name])] := layer if {
	some name, layer in data.sandbox
	name != "agents"
}

sandbox_layers[sprintf("sandbox.agents.%s", [name])] := layer if some name, layer in data.sandbox.agents

# The numbers, each with its bounds and whether it is a whole one.
sandbox_numbers := {
	"cpus": {"least": 0.01, "most": 1024},
	"idle_seconds": {"least": 1, "most": 604800},
	"memory_mib": {"least": 8, "most": 1048576},
	"nofile": {"least": 16, "most": 1048576},
	"pids": {"least": 2, "most": 1048576},
	"reply_bytes": {"least": 1, "most": 1073741824},
	"silent_seconds": {"least": 1, "most": 86400},
	"tmp_mib": {"least": 1, "most": 1048576},
	"turn_seconds": {"least": 1, "most": 86400},
}

sandbox_names := {
	"image": `^[a-zA-Z0-9][a-zA-Z0-9_.:/@-]{0,254}$`,
	"network": `^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$`,
	"runtime": `^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$`,
}

sandbox_keys := object.keys(sandbox_numbers) | object.keys(sandbox_names)

layer_faults(layer) := {"write keys and values below it"} if not is_object(layer)

layer_faults(layer) := {fault | some fault in key_faults(layer)} | {fault | some fault in value_faults(layer)} if is_object(layer)

key_faults(layer) := {sprintf("it has no key %q; it can have: %s", [key, concat(", ", sort(sandbox_keys))]) |
	some key, _ in layer
	not key in sandbox_keys
}

value_faults(layer) := {sprintf("%s is not valid; write %s", [key, mend(key)]) |
	some key, value in layer
	key in sandbox_keys
	not sandbox_value(key, value)
}

sandbox_value(key, value) if {
	bounds := sandbox_numbers[key]
	is_number(value)
	value >= bounds.least
	value <= bounds.most
	whole_where_needed(key, value)
}

# Networks by which a container would be in the host's or another's.
sandbox_value(key, value) if {
	pattern := sandbox_names[key]
	is_string(value)
	regex.match(pattern, value)
	not host_network(key, value)
}

host_network("network", value) if lower(value) in {"host", "default", "container", "ns", "private"}

whole_where_needed("cpus", _)

whole_where_needed(_, value) if floor(value) == value

mend(key) := sprintf("a whole number from %d to %d", [sandbox_numbers[key].least, sandbox_numbers[key].most]) if key != "cpus"

mend("cpus") := "a number from 0.01 to 1024"

mend("image") := "the name of an image that the engine has"

mend("network") := "none, open, or the name of a network that you made for it"

mend("runtime") := "the name of a runtime that the engine knows"
