package parachute.message

import data.parachute.common

# What a stranger is given who may ask to be let in: the gate makes a code, and tells the owners. Where it is undefined,
# nothing is made.
pair := {"role": data.pairing.role} if {
	asks_to_be_let_in
	input.config.audience in data.pairing.audiences
	data.roles[data.pairing.role]
	within_limits
	not token_refused
}

asks_to_be_let_in if {
	unknown
	input.user.roles == []
	input.chat.kind == "dm"
	input.message.kind in {"message", "command"}
	human
	original
	not gives_code
	not input.user.pairing
}

# METADATA
# title: Strangers may give a code
# description: |
#   In a direct message, on every bot: one that links them to somebody, or makes the first owner. It opens no session.
#   Whose request was denied may not.
# labels: {id: authz.pair}
allow if pairs

pairs if {
	gives_code
	unknown
	input.chat.kind == "dm"
	input.message.kind == "command"
	human
	original
	not turned_away
}

# METADATA
# title: Codes stay in direct messages
# description: Others would read them in a group.
# labels: {id: pairing.dm}
deny contains refuse("codes are for direct messages alone", "pairing_dm") if {
	input.message.command in {"pair", "approve", "deny"}
	command_granted
	not in_dm
}

# METADATA
# title: Only people who are known link
# description: A public bot's strangers are nobody to whom another identity could belong.
# labels: {id: pairing.stranger}
deny contains refuse("a stranger has nothing to link", "command") if {
	input.message.command == "pair"
	common.stranger
	not gives_code
}

# METADATA
# title: Who has a role for some time links nobody
# description: Another account would have all that they have, and owners would not have been asked.
# labels: {id: pairing.lasting}
deny contains refuse("the sender's role ends, or holds in one chat alone, and a link would give it away", "people_lasting") if {
	links
	linker
	not may_link
}

# METADATA
# title: A request is answered, not entered
# description: The code of somebody who wants to be let in is for `approve` and `deny`.
# labels: {id: pairing.join}
deny contains refuse("the code is neither a link's nor a claim's", "pairing_join") if {
	gives_code
	code_waits
	not code_links
}

# METADATA
# title: Who is known already is nobody's other identity
# description: The code of a link is given by a stranger, and confirmed by the person who asked for it.
# labels: {id: pairing.known}
deny contains refuse("the code links a stranger, and the sender is known", "pairing_known") if {
	gives_code
	code_waits
	input.message.target.pairing.kind == "link"
	familiar
	not code_own
}

# METADATA
# title: A link is confirmed by the person alone
# description: Once its code was given on the other side, only whoever asked for it can give it again.
# labels: {id: pairing.entered}
deny contains refuse("the link waits for the person who asked for it", "pairing_used") if {
	gives_code
	input.message.target.pairing.state == "entered"
	not confirms
}

# METADATA
# title: A guess is limited
# description: Without a number in data.yaml (`pairing`) a code could be guessed for ever.
# labels: {id: pairing.limits}
deny contains {"msg": "data.pairing gives no limit of guesses"} if {
	gives_code
	not guesses_limited
}

# METADATA
# title: A code that does not work is admitted
# description: So that it counts as a guess. It changes nothing.
# labels: {id: pairing.code}
warn contains {"msg": "the code does not work"} if {
	gives_code
	not code_waits
}

gives_code if {
	input.message.command == "pair"
	input.message.target.kind == "pairing"
}

links if {
	input.message.command == "pair"
	not gives_code
}

links if {
	gives_code
	input.message.target.pairing.kind == "link"
	code_own
}

linker if {
	common.known
	not common.stranger
}

# Whose role has ended has nothing any more that another account could share, and may have some again.
linker if {
	gives_code
	familiar
	not common.blocked
}

may_link if lasts

may_link if lasts_in_dm

code_waits if input.message.target.pairing.state in {"pending", "entered"}

code_links if input.message.target.pairing.kind in {"link", "claim"}

code_own if input.message.target.pairing.own == true

confirms if {
	familiar
	code_own
}

# Whether the gate knows the sender, with whatever roles.
familiar if {
	some _ in input.user.identities
}

familiar if {
	some _ in input.user.roles
}

familiar if common.local

turned_away if input.user.pairing == "denied"

guesses_limited if {
	is_number(data.pairing.guesses_per_hour)
	is_number(data.pairing.strangers_guesses_per_hour)
}

in_dm if input.chat.kind == "dm"
