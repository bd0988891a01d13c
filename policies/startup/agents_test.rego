package parachute.startup_test

import data.parachute.fixtures_test as fixtures

choosing(choices) := fixtures.start_with({"agents": {"choices": choices}}, {})

only_vault := {"config": {"agents": [{"name": "vault", "kind": "vault"}]}}

test_choices_that_are_fine_start if {
	every choices in [
		[],
		[{"agent": "vault", "roles": ["anyone"]}],
		[{"agent": "coder", "roles": ["owner"], "people": ["telegram:1"], "chats": ["telegram:-1"]}, {"agent": "ask", "people": []}],
	] {
		not fixtures.fired(choosing(choices).deny, "agents.choices")
	}
}

test_choice_of_an_agent_that_is_not_there_does_not_start if {
	answer := choosing([{"agent": "vault", "roles": ["owner"]}, {"agent": "ghost", "roles": ["owner"]}])
	fixtures.fired(answer.deny, "number 2: parachute.yaml has no agent ghost; it has: ask, coder, vault")
}

test_choice_that_is_misspelt_does_not_start if {
	every msg, choices in {
		"number 1 needs agent, and roles or people": [{"agent": "coder"}],
		"number 1 needs agent": [{"roles": ["owner"]}],
		"needs agent": ["coder"],
		"needs": [null],
		`number 1 has no key "role"`: [{"agent": "coder", "role": ["owner"], "people": []}],
		"number 1: roles must be a list": [{"agent": "coder", "roles": "owner"}],
		"number 1: people must be a list": [{"agent": "coder", "people": [1]}],
		"number 1: chats must be a list": [{"agent": "coder", "roles": ["owner"], "chats": null}],
		"has no agent 5": [{"agent": 5, "roles": ["owner"]}],
		"write a list": {"agent": "coder"},
		"write a list, [] for none": null,
	} {
		fixtures.fired(choosing(choices).deny, msg)
	}
}

test_section_of_agents_that_is_empty_starts if {
	every agents in [null, {}] {
		not fixtures.fired(fixtures.start_with({"agents": agents}, {}).deny, "agents.choices")
	}
}

test_key_beside_the_choices_is_told if {
	fixtures.fired(fixtures.start_with({"agents": {"choises": []}}, {}).warn, `agents has no key "choises"`)
}

test_role_of_a_choice_that_is_misspelt_is_told if {
	fixtures.fired(choosing([{"agent": "vault", "roles": ["memebr"]}]).warn, `names the role "memebr"`)
}

test_public_bot_with_a_program_is_told if {
	every name in ["ask", "coder"] {
		answer := fixtures.start({"config": {"audience": "public"}})
		fixtures.fired(answer.warn, sprintf("agent %s runs what it likes", [name]))
		fixtures.fired(answer.warn, "denies it to them")
	}
	opened := {"roles": {"guest": {"tools": ["execute"]}}}
	fixtures.fired(fixtures.start_with(opened, {"config": {"audience": "public"}}).warn, "it runs for them")
}

test_public_bot_without_a_program_is_not if {
	not fixtures.fired(fixtures.start(object.union(only_vault, {"config": {"audience": "public"}})).warn, "runs what it likes")
	not fixtures.fired(fixtures.start({}).warn, "runs what it likes")
}

test_network_of_an_agent_is_told if {
	every audience in ["private", "team", "development"] {
		every layer in [{"default": {"network": "open"}}, {audience: {"network": "open"}}, {"agents": {"coder": {"network": "open"}}}] {
			answer := fixtures.start_with({"sandbox": layer}, {"config": {"audience": audience}})
			fixtures.fired(answer.warn, "agent coder has the network open")
			fixtures.fired(answer.warn, "mostly all that this computer reaches")
		}
	}
}

test_network_of_ones_own_is_told if {
	answer := fixtures.start_with({"sandbox": {"agents": {"coder": {"network": "models"}}}}, {})
	fixtures.fired(answer.warn, "agent coder has the network models (sandbox in data.yaml): it reaches all that is in that network")
	not fixtures.fired(answer.warn, "agent ask")
}

test_no_network_is_not_told if {
	not fixtures.fired(fixtures.start({}).warn, "has the network")
	closed := {"sandbox": {"default": {"network": "open"}, "agents": {"coder": {"network": "none"}, "ask": {"network": "none"}}}}
	not fixtures.fired(fixtures.start_with(closed, {}).warn, "has the network")
	open := {"sandbox": {"default": {"network": "open"}}}
	not fixtures.fired(fixtures.start_with(open, only_vault).warn, "has the network")
	not fixtures.fired(fixtures.start_with(open, {"config": {"audience": "public"}}).warn, "has the network")
}
