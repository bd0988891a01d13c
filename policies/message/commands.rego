package parachute.message

import data.parachute.common

# METADATA
# title: Commands are for those whom data.yaml names
# description: Every command is decided, `help` too. Unknown commands and others' commands get the same words.
# labels: {id: authz.command}
deny contains refuse("the command is not in data.commands for the sender's roles", "command") if {
	commanding
	common.known
	not command_granted
}

# A message, or a press on a button, that gives a command.
commanding if input.message.kind == "command"

commanding if {
	input.message.kind == "callback"
	input.message.command
}

command_granted if common.holds(data.commands[input.message.command].roles)

# Whoever sits at the terminal of this computer can edit data.yaml anyway.
command_granted if {
	input.connector.kind == "terminal"
	common.local
}
