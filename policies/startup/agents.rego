package parachute.startup

# METADATA
# title: Choices of agents can be read
# description: |
#   `agents.choices` in data.yaml. One that is misspelt fits nobody, or names nobody, and another agent would answer in its
#   place.
# labels: {id: startup.agents}
deny contains {"msg": sprintf("agents.choices in data.yaml: %s", [fault])} if some fault in choice_faults

# METADATA
# title: A public bot with an agent that runs programs
# description: By default no stranger's message reaches one.
# labels: {id: startup.public_agent}
warn contains {"msg": concat("", [
	sprintf("agent %s runs what it likes for whoever may use it, and strangers can reach this bot: ", [name]),
	strangers_run,
])} if {
	input.config.audience == "public"
	some name in programs
}

# METADATA
# title: An agent has a network
# description: What it reads, in a workspace or on a page, can make it send the rest away.
# labels: {id: startup.network}
warn contains {"msg": concat("", [
	sprintf("agent %s has the network %v (sandbox in data.yaml): it reaches %s", [name, network, reach(network)]),
	", and whatever it can read it can send there",
])} if {
	some name, network in networks
	network != "none"
}

# The agents that are programs.
programs contains offered.name if {
	some offered in input.config.agents
	offered.kind != "vault"
}

agent_names contains input.config.agent.name

agent_names contains offered.name if some offered in input.config.agents

default choices := []

choices := data.agents.choices if is_array(data.agents.choices)

choice_faults contains "write a list, [] for none" if {
	choices_written
	not choices_listed
}

choice_faults contains sprintf("number %d needs agent, and roles or people", [i + 1]) if {
	some i, choice in choices
	not choice_whole(choice)
}

choice_faults contains sprintf("number %d has no key %q; it can have: agent, chats, people, roles", [i + 1, key]) if {
	some i, choice in choices
	some key, _ in choice
	not key in {"agent", "chats", "people", "roles"}
}

choice_faults contains sprintf("number %d: %s must be a list of texts", [i + 1, key]) if {
	some i, choice in choices
	some key in ["chats", "people", "roles"]
	some name, value in choice
	name == key
	not texts(value)
}

choice_faults contains sprintf("number %d: parachute.yaml has no agent %v; it has: %s", [i + 1, agent, known]) if {
	known := concat(", ", sort(agent_names))
	some i, choice in choices
	agent := choice.agent
	not agent in agent_names
}

choices_written if {
	some key, _ in data.agents
	key == "choices"
}

choices_listed if is_array(data.agents.choices)

choice_whole(choice) if {
	choice.agent
	some key in ["people", "roles"]
	choice[key]
}

texts(values) if {
	is_array(values)
	every value in values {
		is_string(value)
	}
}

default strangers_run := "their role in data.yaml has no tool execute, so agent.programs denies it to them"

strangers_run := "their role in data.yaml has the tool execute, so it runs for them, in a sandbox without a network" if {
	"execute" in data.roles[data.audience.public.strangers].tools
}

# The networks that the message rules would give the programs. On a public bot they have none.
networks[name] := agent_networks[name] if {
	input.config.audience != "public"
	some name in programs
}

networks[name] := shared_network if {
	input.config.audience != "public"
	some name in programs
	not agent_networks[name]
}

agent_networks[name] := layer.network if some name, layer in data.sandbox.agents

shared_network := data.sandbox[input.config.audience].network

shared_network := data.sandbox.default.network if not audience_network

audience_network if data.sandbox[input.config.audience].network

reach("open") := "the internet, and mostly all that this computer reaches"

reach(network) := "all that is in that network" if network != "open"
