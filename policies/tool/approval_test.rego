package parachute.tool_test

import data.parachute.fixtures_test as fixtures

direct(name) := {
	"config": {"trust": "direct"},
	"session": {"trust": "direct"},
	"user": {"roles": ["owner"]},
	"tool": {"kind": name},
}

test_direct_session_asks_before_it_runs_something if {
	every name in ["execute", "delete"] {
		fixtures.fired(fixtures.use(direct(name)).ask, "approval")
	}
}

test_direct_session_reads_without_asking if {
	not fixtures.fired(fixtures.use(direct("read")).ask, "approval")
}

test_sandboxed_session_does_not_ask if {
	not fixtures.fired(fixtures.use({"tool": {"kind": "execute"}}).ask, "approval")
}

test_session_that_tells_no_trust_asks if {
	fixtures.fired(fixtures.use_without("session/trust").ask, "approval")
}

test_without_a_setting_everything_asks if {
	settings := json.remove(fixtures.settings, ["tools/ask"])
	fixtures.fired(fixtures.use_exactly(settings, fixtures.tool_input).ask, "approval")
}
