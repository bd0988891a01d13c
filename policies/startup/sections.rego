package parachute.startup

# METADATA
# title: Every section of data.yaml is there
# description: One that is misspelt is missing under its own name, and what it would grant is refused.
# labels: {id: startup.section}
warn contains {"msg": sprintf("data.yaml has no section %q; is it misspelt?", [name])} if {
	some name in (sections - sections_there)
}

sections := {
	"roles",
	"trust",
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

sections_there contains "trust" if data.trust

sections_there contains "sandbox" if data.sandbox

sections_there contains "workspaces" if data.workspaces

sections_there contains "limits" if data.limits

sections_there contains "commands" if data.commands

sections_there contains "content" if data.content

sections_there contains "events" if data.events

sections_there contains "tools" if data.tools

sections_there contains "files" if data.files

sections_there contains "replies" if data.replies
