package parachute.message

# METADATA
# title: In a group the bot is spoken to by name
# description: |
#   Unless the group's mode is all_messages, only a mention (the platform's own entity), a reply to the bot, a press on one
#   of its buttons or a command that it knows is for it. Silent, as people talk to each other here.
# labels: {id: groups.not_mentioned}
deny contains {"msg": "the bot is not mentioned, and this group's mode is mention_only"} if {
	input.chat.kind == "group"
	not addressed
}

# METADATA
# title: A group that has a workspace stays in it
# description: "`groups.chats.<id>.workspace` in data.yaml."
# labels: {id: groups.workspace}
deny contains refuse("the group is bound to another workspace (data.groups)", "group_workspace") if {
	asks_for_workspace
	group_workspace
	input.workspace.requested != group_workspace
}

group_workspace := data.groups.chats[input.chat.id].workspace if input.chat.kind == "group"

addressed if input.message.mentions_bot == true

addressed if input.message.reply_to_bot == true

addressed if group_mode == "all_messages"

addressed if input.message.kind == "callback"

addressed if {
	input.message.kind == "command"
	data.commands[input.message.command]
}

# A group's own mode goes before the configured one.
group_mode := data.groups.chats[input.chat.id].mode

group_mode := input.config.groups if not group_has_mode

group_has_mode if data.groups.chats[input.chat.id].mode

group_has_roles if data.groups.chats[input.chat.id].roles
