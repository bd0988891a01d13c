package parachute.message

import data.parachute.common

# METADATA
# title: A session serves its own person
# description: In a group, nobody speaks into the session of somebody else who does not share it with them.
# labels: {id: session.owner}
deny contains refuse("the session belongs to somebody else", "session_owner") if {
	input.session
	not own_session
	not session_shared
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

# METADATA
# title: A shared session gives nobody more than they have
# description: Who could only read its workspace does not speak into a session that writes there.
# labels: {id: session.access}
deny contains refuse("the session may do more with its workspace than the sender", "session_access") if {
	session_shared
	not own_session
	not is_command
	not session_access_held
}

# METADATA
# title: A shared session has the sender's own agent
# description: Who gets another agent, or may run no program, does not reach one by somebody else's session.
# labels: {id: session.agent}
deny contains refuse("the session's agent is not the one that answers the sender", "session_access") if {
	session_shared
	not own_session
	not is_command
	not session_agent_held
}

is_command if input.message.kind == "command"

own_session if input.session.user == input.user.id

session_shared if input.session.shared == true

session_access_held if common.access(input.session.workspace) == "read_write"

session_access_held if {
	input.session.access == "read_only"
	common.access(input.session.workspace) == "read_only"
}

session_agent_held if input.session.agent == agent

session_trust_holds if input.session.trust == trust

session_workspace_holds if common.access(input.session.workspace)
