# METADATA
# title: What the tests start from
# description: |
#   Inputs and settings for the tests. The tests bring their own settings, so that they hold whatever you tune in data.yaml,
#   and they look at the rule they are about, so that your own rules may deny as much as they like.
package parachute.fixtures_test

import data.parachute.common
import data.parachute.message
import data.parachute.startup
import data.parachute.tool

# decide asks the message point about the default message with changes: {"user": {"roles": []}} gives a stranger's.
decide(changes) := decide_with({}, changes)

# decide_with changes settings as well, by their name in data.yaml.
decide_with(changed, changes) := decide_exactly(object.union(settings, changed), object.union(message_input, changes))

# decide_without leaves out one fact, by its path.
decide_without(path) := decide_exactly(settings, json.remove(message_input, [path]))

decide_exactly(given, doc) := answer if {
	answer := {name: value |
		some name in answers
		value := message[name]
	} with input as doc
		with data.agents as given.agents
		with data.audience as given.audience
		with data.commands as given.commands
		with data.content as given.content
		with data.default_quota_mib as given.default_quota_mib
		with data.default_workspace as given.default_workspace
		with data.events as given.events
		with data.groups as given.groups
		with data.limits as given.limits
		with data.local_role as given.local_role
		with data.pairing as given.pairing
		with data.people as given.people
		with data.replies as given.replies
		with data.roles as given.roles
		with data.sandbox as given.sandbox
		with data.tokens as given.tokens
		with data.trust as given.trust
		with data.workspaces as given.workspaces
}

# What the message point answers with. The tests ask for no more: helpers that nothing needs are not evaluated.
answers := {"agent", "allow", "ask", "deny", "limits", "pair", "sandbox", "trust", "vault", "warn", "workspace"}

# who tells who the sender of the default message with changes is.
who(changes) := who_with({}, changes)

who_with(changed, changes) := who_exactly(object.union(settings, changed), object.union(message_input, changes))

who_exactly(given, doc) := answer if {
	answer := common with input as doc
		with data.audience as given.audience
		with data.local_role as given.local_role
		with data.roles as given.roles
		with data.trust as given.trust
}

# access tells how the sender of the default message with changes may use a workspace.
access(workspace, changes) := access_with({}, workspace, changes)

access_with(changed, workspace, changes) := answer if {
	answer := common.access(workspace) with input as object.union(message_input, changes)
		with data.audience as settings.audience
		with data.roles as settings.roles
		with data.workspaces as object.union(settings.workspaces, changed)
}

# use asks the tool point about the default tool call with changes.
use(changes) := use_with({}, changes)

use_with(changed, changes) := use_exactly(object.union(settings, changed), object.union(tool_input, changes))

use_without(path) := use_exactly(settings, json.remove(tool_input, [path]))

use_exactly(given, doc) := answer if {
	answer := tool with input as doc
		with data.audience as given.audience
		with data.content as given.content
		with data.local_role as given.local_role
		with data.replies as given.replies
		with data.roles as given.roles
		with data.tools as given.tools
		with data.trust as given.trust
		with data.workspaces as given.workspaces
}

# start asks the startup point about the default configuration with changes.
start(changes) := start_with({}, changes)

start_with(changed, changes) := start_exactly(object.union(settings, changed), object.union(startup_input, changes))

start_without(path) := start_exactly(settings, json.remove(startup_input, [path]))

start_exactly(given, doc) := answer if {
	answer := startup with input as doc
		with data.agents as given.agents
		with data.audience as given.audience
		with data.commands as given.commands
		with data.content as given.content
		with data.default_quota_mib as given.default_quota_mib
		with data.events as given.events
		with data.files as given.files
		with data.groups as given.groups
		with data.limits as given.limits
		with data.local_role as given.local_role
		with data.pairing as given.pairing
		with data.people as given.people
		with data.roles as given.roles
		with data.sandbox as given.sandbox
		with data.tokens as given.tokens
		with data.tools as given.tools
		with data.trust as given.trust
		with data.workspaces as given.workspaces
}

# fired tells whether a set of denials, warnings or questions holds one that says this.
fired(elements, part) if {
	some element in elements
	contains(element.msg, part)
}

# said is what the chat is told by that rule; silence is undefined.
said(elements, part) := reply if {
	some element in elements
	contains(element.msg, part)
	reply := element.reply
}

# silent is a denial of which the chat hears nothing, from no rule of the default policies.
silent(elements, part) if {
	fired(elements, part)
	every element in elements {
		not speaks(element)
	}
}

speaks(element) if startswith(element.reply, "reply:")

speaks(element) if element.reply == "Sorry, I cannot do that."

# clear tells that no rule of the default policies denies. What your own rules deny is theirs.
clear(denials) if {
	every denial in denials {
		not denies_by_default(denial)
	}
}

denies_by_default(denial) if denial.msg in default_denials

denies_by_default(denial) if startswith(denial.msg, "over the limit: ")

# by_default are the denials of the default policies alone.
by_default(denials) := {denial | some denial in denials; denies_by_default(denial)}

# What the message rules deny with.
default_denials := {
	"a forwarded message gives a command",
	"a public bot must not run direct; set trust: sandboxed in parachute.yaml",
	"a stranger has nothing to link",
	"a team's bot must not run direct; set trust: sandboxed in parachute.yaml",
	"an attachment is bigger than data.content.attachments.max_bytes",
	"an attachment's type is not in data.content.attachments.types",
	"button presses are ignored (data.events.callback)",
	"codes are for direct messages alone",
	"data.agents.choices names an agent that parachute.yaml does not have",
	"data.limits gives the sender's roles no limit",
	"data.pairing gives no limit of guesses",
	"data.sandbox gives no network; write none for no network",
	"data.yaml gives the workspace no quota_mib that is a whole number above 0",
	"deletions are ignored",
	"direct is not for the sender's roles (data.trust)",
	"edits are ignored (data.events.edit)",
	"forwarded messages are ignored (data.events.forwarded)",
	"more attachments than data.content.attachments.max_count",
	"no request has this code",
	"others' matters are told in direct messages alone",
	"posts in channels are not answered",
	"reactions are ignored (data.events.reaction)",
	"the agent is a program, and the sender's roles may not execute anything (data.roles)",
	"the audience is neither public nor in data.trust",
	"the bot is not mentioned, and this group's mode is mention_only",
	"the code is neither a link's nor a claim's",
	"the code is not of a request to be let in",
	"the code links a stranger, and the sender is known",
	"the code was used already",
	"the command is about the sender",
	"the command is not in data.commands for the sender's roles",
	"the connector asks for a token (data.tokens.required), and none came",
	"the event is of no known kind",
	"the group is bound to another workspace (data.groups)",
	"the link waits for the person who asked for it",
	"the message is older than data.content.max_age_seconds",
	"the person has a role that the sender may not give (data.roles)",
	"the platform does not say what kind of chat this is",
	"the request has expired",
	"the request was denied already",
	"the role by which the sender could do this ends, or does not hold everywhere",
	"the sender has no role that data.roles defines",
	"the sender has no session of their own here",
	"the sender is a bot",
	"the sender is blocked",
	"the sender may no longer use the session's workspace",
	"the sender may not give this role (data.roles), or it is not defined",
	"the sender may not open this workspace",
	"the sender's roles do not talk in this chat",
	"the sender's role ends, or does not hold everywhere, and turning somebody away lasts",
	"the sender's role ends, or holds in one chat alone, and a link would give it away",
	"the session belongs to somebody else",
	"the session does not run in the sandbox",
	"the session is in a personal workspace",
	"the session may do more with its workspace than the sender",
	"the session was made with another trust than the sender has now",
	"the session's agent is not the one that answers the sender",
	"the text is longer than data.content.max_text_bytes",
	"the token is not valid here",
	"the workspace is not in data.workspaces for the sender",
	"what is others' is for the roles of data.people.oversee",
}

message_input := {
	"version": 1,
	"time": 1779962400000000000,
	"config": config,
	"connector": {"name": "telegram", "kind": "telegram"},
	"chat": {"id": "telegram:100", "kind": "dm"},
	"message": {
		"id": "17", "kind": "message", "text": "hello", "bytes": 5,
		"mentions_bot": false, "reply_to_bot": false, "forwarded": false,
	},
	"user": {"id": "telegram:100", "name": "Ana", "bot": false, "local": false, "roles": ["member"]},
	"limits": {"exceeded": []},
}

config := {
	"audience": "private", "trust": "sandboxed", "groups": "mention_only",
	"agent": {"name": "vault", "kind": "vault"},
	"agents": [
		{"name": "ask", "kind": "command"},
		{"name": "coder", "kind": "acp"},
		{"name": "vault", "kind": "vault"},
	],
}

tool_input := {
	"version": 1,
	"time": 1779962400000000000,
	"config": config,
	"connector": {"name": "telegram", "kind": "telegram"},
	"chat": {"id": "telegram:100", "kind": "dm"},
	"user": {"id": "telegram:100", "name": "Ana", "bot": false, "local": false, "roles": ["member"]},
	"session": {
		"id": "s1", "user": "telegram:100", "trust": "sandboxed",
		"workspace": "personal", "access": "read_write",
	},
	"tool": {"name": "notes.write", "kind": "write", "path": "ideas/a.md", "bytes": 12},
}

startup_input := {
	"version": 1,
	"time": 1779962400000000000,
	"config": object.union(config, {
		"store_text": false,
		"policies": {"source": "folder"},
		"connectors": [{"name": "console", "kind": "console"}],
		"workspaces": [],
	}),
	"files": [],
}

# about is a command that is about something: {"kind": "person", "id": "telegram:7"} for instance.
about(name, target) := {"message": {
	"kind": "command", "command": name,
	"target": object.union({"kind": "person", "known": true, "roles": [], "shared": false}, target),
}}

# code is a command with the code of a request.
code(name, pairing) := about(name, {
	"kind": "pairing", "known": false,
	"pairing": object.union({"kind": "join", "state": "pending", "connector": "telegram", "own": false}, pairing),
})

# A message in a group that speaks to the bot.
in_group := {
	"chat": {"id": "telegram:-200", "kind": "group"},
	"message": {"mentions_bot": true},
}

# Written out, without a reference or a comprehension: OPA copies what holds one for every test.
settings := {
	"agents": {"choices": []},
	"audience": {"public": {"strangers": "guest"}},
	"commands": {
		"help": {"roles": ["anyone"]},
		"join": {"roles": ["anyone"]},
		"limits": {"roles": ["anyone"]},
		"new": {"roles": ["anyone"]},
		"pair": {"roles": ["anyone"]},
		"sessions": {"roles": ["anyone"]},
		"share": {"roles": ["anyone"]},
		"stop": {"roles": ["anyone"]},
		"unshare": {"roles": ["anyone"]},
		"add": {"roles": ["owner", "admin"]},
		"approve": {"roles": ["owner", "admin"]},
		"block": {"roles": ["owner", "admin"]},
		"deny": {"roles": ["owner", "admin"]},
		"remove": {"roles": ["owner", "admin"]},
		"role": {"roles": ["owner", "admin"]},
		"unblock": {"roles": ["owner", "admin"]},
		"users": {"roles": ["owner", "admin"]},
	},
	"content": {
		"max_text_bytes": 102400,
		"max_age_seconds": 300,
		"attachments": {"max_count": 2, "max_bytes": 10000000, "types": ["image/png", "audio/*"]},
	},
	"default_quota_mib": 1024,
	"default_workspace": "personal",
	"events": {"edit": "ignore", "reaction": "ignore", "callback": "ignore", "forwarded": "answer"},
	"files": {"secret": "deny", "config": "warn", "data": "warn"},
	"groups": {"chats": {}},
	"limits": {
		"roles": {
			"owner": {"messages_per_minute": 60},
			"admin": {"messages_per_minute": 40},
			"member": {"messages_per_minute": 20, "messages_per_day": 500},
			"guest": {"messages_per_minute": 5, "messages_per_day": 50},
		},
		"others": {"messages_per_minute": 1},
		"group": {"messages_per_minute": 20},
		"stop": {"messages_per_minute": 20},
		"strangers": {"messages_per_minute": 150},
		"connector": {"messages_per_minute": 300},
		"all": {"messages_per_minute": 600},
	},
	"local_role": "owner",
	"pairing": {
		"audiences": ["private", "team"], "role": "member",
		"guesses_per_hour": 5, "strangers_guesses_per_hour": 200,
	},
	"people": {"oversee": ["owner", "admin"]},
	"replies": {
		"unknown_user": "reply:unknown_user",
		"workspace": "reply:workspace",
		"command": "reply:command",
		"forwarded": "reply:forwarded",
		"stale": "reply:stale",
		"too_long": "reply:too_long",
		"attachment_size": "reply:attachment_size",
		"attachment_type": "reply:attachment_type",
		"attachment_count": "reply:attachment_count",
		"limit": "reply:limit",
		"busy": "reply:busy",
		"direct": "reply:direct",
		"agent": "reply:agent",
		"session_owner": "reply:session_owner",
		"session_trust": "reply:session_trust",
		"session_workspace": "reply:session_workspace",
		"tool": "reply:tool",
		"tool_read_only": "reply:tool_read_only",
		"tool_path": "reply:tool_path",
		"tool_protected": "reply:tool_protected",
		"tool_size": "reply:tool_size",
		"pairing_new": "reply:pairing_new",
		"pairing_waiting": "reply:pairing_waiting",
		"pairing_code": "reply:pairing_code",
		"pairing_expired": "reply:pairing_expired",
		"pairing_used": "reply:pairing_used",
		"pairing_denied": "reply:pairing_denied",
		"pairing_dm": "reply:pairing_dm",
		"pairing_join": "reply:pairing_join",
		"pairing_known": "reply:pairing_known",
		"people_role": "reply:people_role",
		"people_rank": "reply:people_rank",
		"people_lasting": "reply:people_lasting",
		"people_dm": "reply:people_dm",
		"people_self": "reply:people_self",
		"people_workspace": "reply:people_workspace",
		"share_session": "reply:share_session",
		"share_personal": "reply:share_personal",
		"share_direct": "reply:share_direct",
		"token": "reply:token",
		"group_workspace": "reply:group_workspace",
		"session_access": "reply:session_access",
	},
	"roles": {
		"owner": {
			"chats": ["dm", "group"],
			"tools": ["list", "read", "search", "write", "append", "move", "delete", "execute", "fetch", "other"],
			"gives": ["all"],
		},
		"admin": {
			"chats": ["dm", "group"],
			"tools": ["list", "read", "search", "write", "append", "move", "delete", "execute", "fetch", "other"],
			"gives": ["member", "guest"],
		},
		"member": {
			"chats": ["dm", "group"],
			"tools": ["list", "read", "search", "write", "append", "move", "delete", "execute", "fetch", "other"],
		},
		"guest": {"chats": ["dm"], "tools": ["list", "read", "search", "write", "append", "move"]},
		"auditor": {"chats": ["group"], "tools": ["list", "read"]},
	},
	"sandbox": {
		"default": {"network": "none", "memory_mib": 4096, "cpus": 2, "pids": 300, "turn_seconds": 600},
		"public": {"memory_mib": 1024},
	},
	"tokens": {"required": []},
	"tools": {
		"max_note_bytes": 1048576,
		"protected": [".*", "claude*.md", "agents*.md", "hooks"],
		"secret": [".env*", "*.pem"],
		"ask": {"sandboxed": [], "direct": ["execute", "delete"]},
	},
	"trust": {
		"private": {"direct_for": ["owner"], "others": "sandboxed"},
		"team": {"direct_for": [], "others": "deny"},
		"development": {"direct_for": ["owner"], "others": "sandboxed"},
	},
	"workspaces": {
		"personal": {"read_write": {"roles": ["anyone"]}},
		"finance": {"read_write": {"roles": ["owner"], "people": ["telegram:555"]}, "read_only": {"roles": ["admin"]}},
		"lobby": {"read_write": {"roles": ["guest"]}},
		"club": {"read_write": {"chats": ["telegram:-200"]}},
		"shed": {"read_write": {"roles": ["owner"]}, "read_only": {"roles": ["admin"]}, "granted": "read_write"},
	},
}
