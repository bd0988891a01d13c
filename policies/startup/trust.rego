# METADATA
# scope: package
# entrypoint: true
# title: May Parachute start with this configuration?
# description: |
#   Asked once at `start`, and by `check`. `deny` refuses to start, `warn` starts and says so. Each message names the mend.
# schemas:
#   - input: schema.startup.input
package parachute.startup

# METADATA
# title: A public bot never runs anything on the host
# description: Strangers can reach it.
# labels: {id: startup.public_direct}
deny contains {"msg": "audience: public must not have trust: direct; set trust: sandboxed in parachute.yaml"} if {
	input.config.audience == "public"
	input.config.trust == "direct"
}

# METADATA
# title: The trust is one that the policies know
# description: What they do not know they do not admit.
# labels: {id: startup.trust}
deny contains {"msg": "trust is not known; set trust in parachute.yaml to sandboxed or direct"} if not trust_known

# METADATA
# title: The audience is one that the policies know
# description: What they do not know they do not admit.
# labels: {id: startup.audience}
deny contains {"msg": concat("", [
	"the audience is neither public nor in data.trust; ",
	"set audience in parachute.yaml to private, team, development or public",
])} if {
	not audience_known
}

# METADATA
# title: A team's bot that is set to direct serves nobody
# description: Each message will be denied by trust.team_direct.
# labels: {id: startup.team_direct}
warn contains {"msg": concat("", [
	"audience: team with trust: direct: whom data.trust.team.direct_for does not name is denied; ",
	"set trust: sandboxed in parachute.yaml",
])} if {
	input.config.audience == "team"
	input.config.trust == "direct"
}

# METADATA
# title: Direct trust is said aloud
# description: The agent runs on the host, with all that this user account can reach.
# labels: {id: startup.direct}
warn contains {"msg": concat("", [
	"trust: direct runs the agent on this computer, without a sandbox, with all that this account can reach; ",
	"set trust: sandboxed in parachute.yaml",
])} if {
	input.config.trust == "direct"
}

trust_known if input.config.trust in {"sandboxed", "direct"}

audience_known if input.config.audience == "public"

audience_known if data.trust[input.config.audience]
