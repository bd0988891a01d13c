package parachute.startup

# METADATA
# title: Files that should be private are
# description: "`files` in data.yaml says what happens; a kind of file that it does not name refuses to start."
# labels: {id: startup.file_mode}
deny contains {"msg": exposed_msg(file)} if {
	some file in exposed
	not only_warned(file)
}

# METADATA
# title: A public bot that listens to everything in groups
# description: Every message there is then decided, counted and answered.
# labels: {id: startup.all_messages}
warn contains {"msg": concat("", [
	"groups: all_messages makes a public bot answer everything that people with a role write in its groups; ",
	"set groups: mention_only in parachute.yaml",
])} if {
	input.config.audience == "public"
	input.config.groups == "all_messages"
}

# METADATA
# title: Other people's words are kept
# description: Whoever writes to a public or a team's bot should know that.
# labels: {id: startup.store_text}
warn contains {"msg": "store_text: true keeps what other people write; tell them, or set store_text: false in parachute.yaml"} if {
	input.config.store_text == true
	input.config.audience in {"public", "team"}
}

# METADATA
# title: A configured workspace that nobody may use
# description: Workspaces are placed in parachute.yaml, and granted in data.yaml.
# labels: {id: startup.workspace}
warn contains {"msg": sprintf("nobody may use workspace %q; name people for it in workspaces in data.yaml", [name])} if {
	some name in configured
	not data.workspaces[name]
}

# METADATA
# title: Files that should be private are, with a warning
# description: "`files` in data.yaml."
# labels: {id: startup.file_mode}
warn contains {"msg": exposed_msg(file)} if {
	some file in exposed
	only_warned(file)
}

configured contains workspace.name if some workspace in input.config.workspaces

exposed contains file if {
	some file in input.files
	not closed_to_others(file)
}

exposed contains file if {
	some file in input.files
	file.kind == "secret"
	not closed_to_group(file)
}

closed_to_others(file) if file.others_can_read == false

closed_to_group(file) if file.group_can_read == false

only_warned(file) if data.files[file.kind] == "warn"

exposed_msg(file) := sprintf("%s (%s) can be read by other people on this computer; run: chmod go-rwx %q", [
	file.path,
	file.kind,
	file.path,
])
