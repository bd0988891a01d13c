package parachute.message

import data.parachute.common

# METADATA
# title: People with a role may talk
# description: Their role says in which kinds of chat (`roles` in data.yaml).
# labels: {id: authz.role}
allow if {
	welcome
	not common.local
	not common.stranger
}

# METADATA
# title: The person at the terminal may talk
# description: Whoever started the process has the role that `local_role` in data.yaml names.
# labels: {id: authz.local}
allow if {
	welcome
	common.local
}

# METADATA
# title: Strangers may talk to a public bot
# description: In direct messages, with the role that `audience.public.strangers` in data.yaml names.
# labels: {id: authz.stranger}
allow if {
	welcome
	common.stranger
}

# METADATA
# title: Blocked people get nothing
# description: Silent, as an answer would tell them to come back under another name.
# labels: {id: authz.blocked}
deny contains {"msg": "the sender is blocked"} if common.blocked

# METADATA
# title: A chat of unknown kind is not a direct message
# description: A platform that does not say what a chat is must not open what direct messages may do.
# labels: {id: authz.chat_kind}
deny contains {"msg": "the platform does not say what kind of chat this is"} if not chat_kind_known

# METADATA
# title: Channel posts are not answered
# description: A channel speaks with one voice for many; there is no person to decide about.
# labels: {id: authz.channel}
deny contains {"msg": "posts in channels are not answered"} if input.chat.kind == "channel"

# METADATA
# title: Unknown people are turned away
# description: |
#   In a direct message they get a code by which the owner lets them in (`pairing` in data.yaml) and are told once more that
#   it waits; whom that told already, and who was denied, meets silence. So does everybody in a group.
# labels: {id: authz.unknown_user}
deny contains unknown_denial if {
	unknown
	not pairs
}

# METADATA
# title: A role talks where it may
# description: What somebody may do in direct messages grants nothing in a group.
# labels: {id: authz.chat}
deny contains {"msg": "the sender's roles do not talk in this chat"} if {
	common.known
	chat_kind_known
	not welcome
}

unknown if {
	not common.known
	not common.blocked
}

unknown_denial := refuse("the sender has no role that data.roles defines", unknown_reply) if not told_already

unknown_denial := {"msg": "the sender has no role that data.roles defines"} if told_already

told_already if input.user.pairing in {"reminded", "denied"}

default unknown_reply := "unknown_user"

unknown_reply := "pairing_new" if pair

unknown_reply := "pairing_waiting" if input.user.pairing == "pending"

chat_kind_known if input.chat.kind in {"dm", "group", "channel"}

# Whether a role of the sender talks in this chat.
welcome if {
	input.chat.kind == "dm"
	common.known
	some role in common.roles
	"dm" in data.roles[role].chats
}

welcome if {
	input.chat.kind == "group"
	common.known
	not group_has_roles
	some role in common.roles
	"group" in data.roles[role].chats
}

welcome if {
	input.chat.kind == "group"
	common.known
	common.holds(data.groups.chats[input.chat.id].roles)
}
