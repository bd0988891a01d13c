package parachute.message

# METADATA
# title: A session is shared by its own person
# description: In the chat where it is open. Whoever it is shared with does not share it any further.
# labels: {id: session.share}
deny contains refuse("the sender has no session of their own here", "share_session") if {
	input.message.command in {"share", "unshare"}
	input.message.target.kind
	command_granted
	not own_session
}

# METADATA
# title: A personal workspace is not shared
# description: What is in there is one person's.
# labels: {id: session.share_personal}
deny contains refuse("the session is in a personal workspace", "share_personal") if {
	shares_own_session
	input.session.workspace == "personal"
}

# METADATA
# title: A direct session is not shared
# description: Whoever is let in would reach all that this computer's account can reach.
# labels: {id: session.share_direct}
deny contains refuse("the session does not run in the sandbox", "share_direct") if {
	shares_own_session
	not session_sandboxed
}

shares_own_session if {
	input.message.command == "share"
	input.message.target.id
	command_granted
	own_session
}

session_sandboxed if input.session.trust == "sandboxed"
