package parachute.message

import data.parachute.common

# Where the agent runs: "sandboxed" or "direct".
trust := common.trust

# METADATA
# title: A public bot never runs anything on the host
# description: Strangers can reach it. Not even its owner is served until parachute.yaml says sandboxed.
# labels: {id: trust.public_direct}
deny contains refuse("a public bot must not run direct; set trust: sandboxed in parachute.yaml", "direct") if {
	input.config.audience == "public"
	input.config.trust == "direct"
}

# METADATA
# title: A team's bot runs in the sandbox
# description: A shared environment needs a second wall (`trust.team` in data.yaml).
# labels: {id: trust.team_direct}
deny contains refuse("a team's bot must not run direct; set trust: sandboxed in parachute.yaml", "direct") if {
	input.config.audience == "team"
	direct_refused
}

# METADATA
# title: Direct is for the roles that data.yaml names
# description: "`trust.<audience>.others: deny` in data.yaml refuses everybody else."
# labels: {id: trust.direct_role}
deny contains refuse("direct is not for the sender's roles (data.trust)", "direct") if {
	input.config.audience in {"private", "development"}
	direct_refused
}

# METADATA
# title: An audience without a recommendation is refused
# description: Nobody said what may be trusted there.
# labels: {id: trust.audience}
deny contains {"msg": "the audience is neither public nor in data.trust"} if not audience_known

# METADATA
# title: Direct trust is logged each time
# description: The agent runs on the host, with all that this user account can reach.
# labels: {id: trust.direct}
warn contains {"msg": "the agent runs direct, on the host, without a sandbox"} if trust == "direct"

# The configuration asks for direct, the sender may not have it, and is not served in the sandbox instead.
direct_refused if {
	input.config.trust == "direct"
	trust != "direct"
	not sandboxed_instead
}

sandboxed_instead if data.trust[input.config.audience].others == "sandboxed"

audience_known if input.config.audience == "public"

audience_known if data.trust[input.config.audience]
