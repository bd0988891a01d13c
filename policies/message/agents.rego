package parachute.message

import data.parachute.common

# Who answers: the first of `agents.choices` in data.yaml that fits, else the agent that parachute.yaml names. A session's
# agent never changes: when this gives another one, a new session begins.
agent := chosen[0] if chosen != []

agent := input.config.agent.name if chosen == []

chosen := [choice.agent |
	some choice in data.agents.choices
	common.listed(choice)
	chosen_here(choice)
]

# METADATA
# title: The agent is one of parachute.yaml
# description: "`agents.choices` in data.yaml names one that parachute.yaml does not have."
# labels: {id: agent.unknown}
deny contains {"msg": "data.agents.choices names an agent that parachute.yaml does not have"} if not agent_kind

# METADATA
# title: Programs answer those who may run something
# description: |
#   An agent of kind acp or command runs what it likes within its sandbox, for whoever writes to it: only people with a role
#   that has the tool kind `execute` (`roles` in data.yaml). Commands go through: none of them is given to an agent.
# labels: {id: agent.programs}
deny contains refuse("the agent is a program, and the sender's roles may not execute anything (data.roles)", "agent") if {
	common.known
	not commanding
	not runs_nothing
	not runs_programs
}

agent_kind := input.config.agent.kind if agent == input.config.agent.name

agent_kind := offered.kind if {
	agent != input.config.agent.name
	some offered in input.config.agents
	offered.name == agent
}

runs_nothing if agent_kind == "vault"

runs_programs if {
	some role in common.roles
	"execute" in data.roles[role].tools
}

# A choice that names no chats holds in all of them.
chosen_here(choice) if not chats_named(choice)

chosen_here(choice) if input.chat.id in choice.chats

chats_named(choice) if "chats" in object.keys(choice)
