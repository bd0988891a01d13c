package parachute.message

import data.parachute.common

# What the gate counts. It is asked before the decision, counts exactly, and comes back with input.limits.
windows := {
	"messages_per_minute": "1m",
	"messages_per_hour": "1h",
	"messages_per_day": "1d",
}

# Whoever is over a limit can still stop what runs: that is counted by itself, and by nothing else.
limits contains {"name": concat("_", ["stop", name]), "per": "user", "max": most, "window": window} if {
	stops
	some name, most in data.limits.stop
	window := windows[name]
}

# Codes that are given are guesses, right or wrong.
limits contains {"name": "guesses_per_hour", "per": "user", "max": most, "window": "1h"} if {
	gives_code
	most := data.pairing.guesses_per_hour
}

# Many strangers together guess no more than that. People who are known are not in it, so that strangers cannot keep them out.
limits contains {"name": "strangers_guesses_per_hour", "per": "connector", "max": most, "window": "1h"} if {
	strange_guess
	most := data.pairing.strangers_guesses_per_hour
}

# Of several roles the highest number counts, name by name.
limits contains {"name": name, "per": "user", "max": most, "window": window} if {
	not stops
	not strange_guess
	some name, window in windows
	most := max([number |
		some quota in quotas
		number := quota[name]
	])
}

limits contains {"name": concat("_", ["group", name]), "per": "chat", "max": most, "window": window} if {
	not stops
	input.chat.kind == "group"
	some name, most in data.limits.group
	window := windows[name]
}

# Strangers share a part of what a connector takes: they must not use up what is there for people with a role.
limits contains {"name": concat("_", ["strangers", name]), "per": "connector", "max": most, "window": window} if {
	not stops
	not strange_guess
	common.stranger
	some name, most in data.limits.strangers
	window := windows[name]
}

limits contains {"name": concat("_", [per, name]), "per": per, "max": most, "window": window} if {
	not stops
	not urgent
	some per in {"connector", "all"}
	some name, most in data.limits[per]
	window := windows[name]
}

stops if input.message.command == "stop"

# Whoever uses up what a connector takes must not keep away the one who puts an end to it.
urgent if input.connector.kind == "terminal"

urgent if {
	input.message.command == "block"
	command_granted
}

strange_guess if {
	gives_code
	not familiar
}

quotas contains quota if {
	some role in common.roles
	quota := data.limits.roles[role]
}

quotas contains data.limits.others if {
	some role in common.roles
	not data.limits.roles[role]
}

# METADATA
# title: Nobody goes over a limit
# description: |
#   Whoever is over one is told when to come back. A message that was not counted is refused as well.
# labels: {id: limits.exceeded}
deny contains refuse(concat("", ["over the limit: ", full_limits]), limit_reply) if not within_limits

# METADATA
# title: Nobody is served without a limit
# description: A limit that is misspelt or deleted must not mean that there is none.
# labels: {id: limits.unset}
deny contains {"msg": "data.limits gives the sender's roles no limit"} if {
	common.known
	not limited
}

within_limits if input.limits.exceeded == []

limited if {
	not stops
	some quota in quotas
	some name, _ in windows
	quota[name]
}

limited if {
	stops
	some name, _ in windows
	data.limits.stop[name]
}

default full_limits := "it was not counted"

full_limits := concat(", ", sort([text |
	some limit in input.limits.exceeded
	text := sprintf("%s per %s", [limit.name, limit.per])
])) if {
	count(input.limits.exceeded) > 0
}

default limit_reply := "busy"

limit_reply := "limit" if {
	some limit in input.limits.exceeded
	limit.per == "user"
}
