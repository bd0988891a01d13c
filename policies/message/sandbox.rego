package parachute.message

# What the session's sandbox is held to: the agent's own values before the audience's, and those before the default ones.
sandbox := object.union_n([data.sandbox.default, sandbox_of_audience, sandbox_of_agent]) if not public

# On a public bot an agent's own values are for what the audience says nothing about: strangers use no more than `public` gives.
sandbox := object.union_n([data.sandbox.default, sandbox_of_agent, sandbox_of_audience, sandbox_of_public]) if public

public if input.config.audience == "public"

default sandbox_of_audience := {}

sandbox_of_audience := data.sandbox[input.config.audience]

default sandbox_of_agent := {}

sandbox_of_agent := layer if {
	some name, layer in data.sandbox.agents
	name == agent
}

# Strangers' programs reach nothing.
default sandbox_of_public := {}

sandbox_of_public := {"network": "none"} if public

# METADATA
# title: A sandbox has bounds
# description: A bound that is misspelt or deleted in data.yaml must not mean that there is none.
# labels: {id: sandbox.bounds}
deny contains {"msg": concat(" ", ["data.sandbox gives no", unbounded])} if not all_bounded

# METADATA
# title: A sandbox's network is stated
# description: Left out is not the same as none.
# labels: {id: sandbox.network}
deny contains {"msg": "data.sandbox gives no network; write none for no network"} if not sandbox.network

# Numbers sort after true and false, and before texts: when the lowest is above 0 and the highest a number, all are.
all_bounded if {
	bounds := [sandbox.memory_mib, sandbox.cpus, sandbox.pids, sandbox.turn_seconds]
	min(bounds) > 0
	is_number(max(bounds))
}

unbounded := concat(", ", [bound |
	some bound in ["memory_mib", "cpus", "pids", "turn_seconds"]
	not bounded(bound)
])

bounded(bound) if {
	value := sandbox[bound]
	is_number(value)
	value > 0
}
