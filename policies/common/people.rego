# METADATA
# title: Facts that several decision points share
# description: |
#   Who the sender is to the bot. Nothing here decides; the decision points do.
#
#   A note on `not`, which holds for every file: negate a rule by its bare name, or a function of local
#   variables (`not known`, `not small(attachment)`), never an expression on the input (`not input.user.bot == false`).
#   OPA evaluates the operands of such an expression first, so that on an absent field the whole rule would
#   quietly not apply. `import future.keywords.not` mends that too, where every tool in use can read it (OPA 1.17).
# schemas:
#   - input: schema.common.input
package parachute.common

# The sender's roles that count: those that data.yaml defines.
roles contains role if {
	some role in input.user.roles
	data.roles[role]
}

roles contains data.local_role if {
	local
	data.roles[data.local_role]
}

roles contains data.audience.public.strangers if stranger

# The person who started the process, at its own terminal.
local if input.user.local == true

# Somebody without any role whom a public bot serves in a direct message. They have the powers of a role, but never of
# one that runs the bot, and never in a group, where others would read the answers.
stranger if {
	input.user.roles == []
	input.config.audience == "public"
	input.chat.kind == "dm"
	not local
	data.roles[data.audience.public.strangers]
	data.audience.public.strangers != "owner"
	data.audience.public.strangers != "admin"
}

# Blocked goes before every other role.
blocked if "blocked" in input.user.roles

# Somebody whom the policies give a role.
known if {
	some _ in roles
	not blocked
}

# Whether the sender has one of the named roles.
holds(names) if {
	some role in roles
	role in names
}

holds(names) if {
	"anyone" in names
	known
}
