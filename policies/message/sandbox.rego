package parachute.message

# What the session's sandbox is held to: the audience's own values before the default ones.
sandbox := object.union_n([data.sandbox.default, sandbox_of_audience, sandbox_of_public])

default sandbox_of_audience := {}

sandbox_of_audience := data.sandbox[input.config.audience]

# Strangers' programs reach nothing.
default sandbox_of_public := {}

sandbox_of_public := {"network": "none"} if input.config.audience == "public"

# METADATA
# title: A sandbox has bounds
# description: A bound that is misspelt or deleted in data.yaml must not mean that there is none.
# labels: {id: sandbox.bounds}
deny contains {"msg": sprintf("data.sandbox gives no %s", [bound])} if {
	some bound in ["memory_mib", "cpus", "pids", "turn_seconds"]
	not bounded(bound)
}

# METADATA
# title: A sandbox's network is stated
# description: Left out is not the same as none.
# labels: {id: sandbox.network}
deny contains {"msg": "data.sandbox gives no network; write none for no network"} if not sandbox.network

bounded(bound) if {
	is_number(sandbox[bound])
	sandbox[bound] > 0
}
