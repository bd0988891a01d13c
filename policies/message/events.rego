package parachute.message

# METADATA
# title: Bots are not answered
# description: Other bots, webhooks and the bot itself. An event that does not say who is human counts as a bot's.
# labels: {id: events.bot}
deny contains {"msg": "the sender is a bot"} if not human

# METADATA
# title: Edits are not answered
# description: An edit is a decision of its own, never a way around one (`events.edit` in data.yaml).
# labels: {id: events.edit}
deny contains {"msg": "edits are ignored (data.events.edit)"} if {
	input.message.kind == "edit"
	not answered("edit")
}

# METADATA
# title: Deletions are not answered
# description: There is nothing to answer.
# labels: {id: events.delete}
deny contains {"msg": "deletions are ignored"} if input.message.kind == "delete"

# METADATA
# title: Reactions are not answered
# description: They are no messages (`events.reaction` in data.yaml).
# labels: {id: events.reaction}
deny contains {"msg": "reactions are ignored (data.events.reaction)"} if {
	input.message.kind == "reaction"
	not answered("reaction")
}

# METADATA
# title: Button presses are not answered
# description: |
#   A press is decided for whoever presses, not for whom the button was shown (`events.callback` in data.yaml). A press that
#   gives a command, such as the one that stops an answer, is decided as that command instead.
# labels: {id: events.callback}
deny contains {"msg": "button presses are ignored (data.events.callback)"} if {
	input.message.kind == "callback"
	not commanding
	not answered("callback")
}

# METADATA
# title: Forwarded messages
# description: What is forwarded are the words of somebody else (`events.forwarded` in data.yaml).
# labels: {id: events.forwarded}
deny contains refuse("forwarded messages are ignored (data.events.forwarded)", "forwarded") if {
	not original
	not answered("forwarded")
}

# METADATA
# title: Forwarded commands are not carried out
# description: What is forwarded are the words of somebody else, and a command must be one's own.
# labels: {id: events.forwarded_command}
deny contains refuse("a forwarded message gives a command", "forwarded") if {
	commanding
	not original
}

# METADATA
# title: Unknown kinds of event are refused
# description: What the policies do not know they do not admit.
# labels: {id: events.kind}
deny contains {"msg": "the event is of no known kind"} if not event_known

human if input.user.bot == false

original if input.message.forwarded == false

event_known if input.message.kind in {"message", "command", "edit", "delete", "reaction", "callback"}

answered(kind) if data.events[kind] == "answer"

# Kinds of event that can be admitted.
accepted_event if input.message.kind in {"message", "command"}

accepted_event if {
	input.message.kind == "callback"
	commanding
}

accepted_event if {
	input.message.kind in {"edit", "reaction", "callback"}
	answered(input.message.kind)
}
