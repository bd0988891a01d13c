package parachute.message

import data.parachute.common

# METADATA
# title: A session serves its own person
# description: In a group, nobody speaks into the session of somebody else.
# labels: {id: session.owner}
deny contains refuse("the session belongs to somebody else", "session_owner") if {
	input.session
	not own_session
}

# METADATA
# title: A session's trust never changes
# description: It is fixed when the session is made. Commands go through, so that `new` can end it.
# labels: {id: session.trust}
deny contains refuse("the session was made with another trust than the sender has now", "session_trust") if {
	input.session
	not is_command
	not session_trust_holds
}

# METADATA
# title: A session ends with the right to its workspace
# description: Who lost a workspace does not go on in a session that has it open.
# labels: {id: session.workspace}
deny contains refuse("the sender may no longer use the session's workspace", "session_workspace") if {
	input.session
	not is_command
	common.known
	not session_workspace_holds
}

is_command if input.message.kind == "command"

own_session if input.session.user == input.user.id

session_trust_holds if input.session.trust == trust

session_workspace_holds if common.access(input.session.workspace)
