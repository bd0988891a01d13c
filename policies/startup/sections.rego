package parachute.startup

# METADATA
# title: Every section of data.yaml is there
# description: One that is misspelt is missing under its own name, and what it would grant is refused.
# labels: {id: startup.section}
warn contains {"msg": sprintf("data.yaml has no section %q; is it misspelt?", [name])} if {
	some name in (sections - sections_there)
}

# METADATA
# title: Keys of data.yaml mean something
# description: One that is misspelt has no effect, and what it was meant for keeps its old value or is missing.
# labels: {id: startup.key}
warn contains {"msg": sprintf("data.yaml: %s has no key %q; it can have: %s", [section, key, concat(", ", sort(known))])} if {
	some section, known in keys
	some key in (written[section] - known)
}

# What each section can have, where these are words of ours.
keys := {
	"content": {"max_text_bytes", "max_age_seconds", "attachments"},
	"content.attachments": {"max_count", "max_bytes", "types"},
	"events": {"edit", "reaction", "callback", "forwarded"},
	"people": {"oversee"},
	"pairing": {"audiences", "role", "guesses_per_hour", "strangers_guesses_per_hour"},
	"tokens": {"required"},
	"files": {"secret", "config", "data"},
	"tools": {"max_note_bytes", "protected", "secret", "ask"},
	"groups": {"chats"},
	"agents": {"choices"},
	"sandbox": {"default", "public", "private", "team", "development", "agents"},
	"limits": {"roles", "others", "group", "stop", "strangers", "connector", "all"},
}

written.content contains key if some key, _ in data.content

written["content.attachments"] contains key if some key, _ in data.content.attachments

written.events contains key if some key, _ in data.events

written.people contains key if some key, _ in data.people

written.pairing contains key if some key, _ in data.pairing

written.tokens contains key if some key, _ in data.tokens

written.files contains key if some key, _ in data.files

written.tools contains key if some key, _ in data.tools

written.groups contains key if some key, _ in data.groups

written.agents contains key if some key, _ in data.agents

written.sandbox contains key if some key, _ in data.sandbox

written.limits contains key if some key, _ in data.limits

sections := {
	"roles",
	"people",
	"pairing",
	"tokens",
	"trust",
	"agents",
	"sandbox",
	"workspaces",
	"limits",
	"commands",
	"content",
	"events",
	"tools",
	"files",
	"replies",
}

sections_there contains "roles" if data.roles

sections_there contains "people" if data.people

sections_there contains "pairing" if data.pairing

sections_there contains "tokens" if data.tokens

sections_there contains "trust" if data.trust

sections_there contains "agents" if data.agents

sections_there contains "sandbox" if data.sandbox

sections_there contains "workspaces" if data.workspaces

sections_there contains "limits" if data.limits

sections_there contains "commands" if data.commands

sections_there contains "content" if data.content

sections_there contains "events" if data.events

sections_there contains "tools" if data.tools

sections_there contains "files" if data.files

sections_there contains "replies" if data.replies
