package parachute.message_test

import data.parachute.fixtures_test as fixtures

test_sandbox_has_the_default_bounds if {
	fixtures.decide({}).sandbox == {"network": "none", "memory_mib": 4096, "cpus": 2, "pids": 300, "turn_seconds": 600}
}

test_audience_has_bounds_of_its_own if {
	answer := fixtures.decide({"config": {"audience": "public"}})
	answer.sandbox == {"network": "none", "memory_mib": 1024, "cpus": 2, "pids": 300, "turn_seconds": 600}
}

# Strangers use no more than the audience gives, whatever an agent may have elsewhere.
test_agent_has_no_more_on_a_public_bot if {
	settings := {"sandbox": {"agents": {"coder": {"memory_mib": 16000, "pids": 7}}}}
	coder := {"config": {"agent": {"name": "coder", "kind": "acp"}}}
	elsewhere := fixtures.decide_with(settings, coder).sandbox
	elsewhere.memory_mib == 16000
	public := fixtures.decide_with(settings, object.union(coder, {"config": {"audience": "public"}})).sandbox
	public.memory_mib == 1024
	public.pids == 7
}

test_public_bot_never_has_a_network if {
	settings := {"sandbox": {"default": {"network": "open"}, "public": {"network": "open"}}}
	fixtures.decide_with(settings, {}).sandbox.network == "open"
	fixtures.decide_with(settings, {"config": {"audience": "public"}}).sandbox.network == "none"
}

test_no_setting_gives_a_public_bot_a_network if {
	public := {"config": {"audience": "public", "agent": {"name": "coder", "kind": "acp"}}}
	every layer in [
		{"public": {"network": "open"}},
		{"public": {"runtime": "odd"}},
		{"agents": {"coder": {"network": "lan", "runtime": "odd"}}},
	] {
		fixtures.decide_with({"sandbox": layer}, public).sandbox.network == "none"
	}
}

test_agent_has_bounds_of_its_own if {
	coders := {"network": "models", "cpus": 8, "silent_seconds": 60}
	settings := {"sandbox": {"private": {"cpus": 4, "pids": 50}, "agents": {"coder": coders}}}
	shared := {"network": "none", "memory_mib": 4096, "cpus": 4, "pids": 50, "turn_seconds": 600}
	fixtures.decide_with(settings, {}).sandbox == shared
	fixtures.decide_with(settings, {"config": {"agent": {"name": "coder", "kind": "acp"}}}).sandbox == object.union(shared, coders)
}

test_bound_of_an_agent_that_bounds_nothing_is_refused if {
	answer := fixtures.decide_with({"sandbox": {"agents": {"vault": {"pids": 0}}}}, {})
	fixtures.fired(answer.deny, "data.sandbox gives no pids")
}

test_sandbox_without_a_bound_is_refused if {
	every bound in ["memory_mib", "cpus", "pids", "turn_seconds"] {
		settings := json.remove(fixtures.settings, [concat("/", ["sandbox", "default", bound])])
		answer := fixtures.decide_exactly(settings, fixtures.message_input)
		fixtures.silent(answer.deny, concat(" ", ["data.sandbox gives no", bound]))
	}
}

test_bound_that_bounds_nothing_is_refused if {
	every value in [0, -1, "4g", true] {
		answer := fixtures.decide_with({"sandbox": {"default": {"memory_mib": value}}}, {})
		fixtures.fired(answer.deny, "data.sandbox gives no memory_mib")
	}
}

test_sandbox_without_a_network_setting_is_refused if {
	settings := json.remove(fixtures.settings, ["sandbox/default/network"])
	fixtures.fired(fixtures.decide_exactly(settings, fixtures.message_input).deny, "gives no network")
}

test_sandbox_with_all_bounds_is_not_refused if {
	not fixtures.fired(fixtures.decide({}).deny, "data.sandbox")
}
