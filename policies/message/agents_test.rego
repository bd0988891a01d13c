package parachute.message_test

import data.parachute.fixtures_test as fixtures

choosing(choices) := {"agents": {"choices": choices}}

coder := {"config": {"agent": {"name": "coder", "kind": "acp"}}}

as_role(role) := {"user": {"roles": [role]}}

test_agent_of_the_configuration_answers if {
	answer := fixtures.decide({})
	answer.agent == "vault"
	not fixtures.fired(answer.deny, "agent")
	fixtures.decide(coder).agent == "coder"
}

test_first_choice_that_fits_picks if {
	settings := choosing([
		{"agent": "ask", "roles": ["guest"]},
		{"agent": "coder", "roles": ["owner"], "people": ["telegram:100"]},
		{"agent": "vault", "roles": ["anyone"]},
	])
	fixtures.decide_with(settings, as_role("guest")).agent == "ask"
	fixtures.decide_with(settings, {}).agent == "coder"
	fixtures.decide_with(settings, {"user": {"id": "telegram:7", "roles": ["owner"]}}).agent == "coder"
	fixtures.decide_with(settings, {"user": {"id": "telegram:7"}}).agent == "vault"
}

test_choice_for_chats_holds_there_alone if {
	settings := choosing([{"agent": "coder", "roles": ["anyone"], "chats": ["telegram:-200"]}])
	fixtures.decide_with(settings, in_group).agent == "coder"
	fixtures.decide_with(settings, {}).agent == "vault"
}

test_choice_that_is_misspelt_picks_nobody if {
	fixtures.decide_with({"agents": null}, {}).agent == "vault"
	every choice in [
		{"agent": "coder"},
		{"agent": "coder", "roles": "member"},
		{"agent": "coder", "roles": ["ghost"]},
		{"agent": "coder", "people": ["Ana"]},
		{"agent": "coder", "roles": ["member"], "chats": null},
		{"agent": "coder", "roles": ["member"], "chats": []},
		{"agent": "coder", "roles": ["member"], "chats": "telegram:100"},
		{"roles": ["member"]},
		"coder",
		null,
	] {
		fixtures.decide_with(choosing([choice]), {}).agent == "vault"
	}
	every choices in [null, "coder", {}, 5] {
		fixtures.decide_with(choosing(choices), {}).agent == "vault"
	}
}

test_display_name_picks_no_agent if {
	settings := choosing([{"agent": "coder", "people": ["telegram:1"]}])
	fixtures.decide_with(settings, {"user": {"name": "telegram:1"}}).agent == "vault"
}

test_stranger_and_blocked_person_pick_no_agent if {
	settings := choosing([{"agent": "coder", "roles": ["anyone"], "people": ["telegram:100"]}])
	fixtures.decide_with(settings, as_role("blocked")).agent == "vault"
	fixtures.decide_with(settings, stranger).agent == "vault"
}

test_agent_that_is_not_there_answers_nobody if {
	answer := fixtures.decide_with(choosing([{"agent": "ghost", "roles": ["member"]}]), {})
	fixtures.silent(answer.deny, "does not have")
	not fixtures.fired(fixtures.decide({}).deny, "does not have")
}

test_agent_that_is_not_told_answers_nobody if {
	fixtures.fired(fixtures.decide_without("config/agent").deny, "does not have")
	fixtures.fired(fixtures.decide_without("config/agent/kind").deny, "does not have")
}

test_program_answers_who_may_execute if {
	every role in ["owner", "admin", "member"] {
		every changes in [coder, {"config": {"agent": {"name": "ask", "kind": "command"}}}] {
			answer := fixtures.decide(object.union(changes, as_role(role)))
			answer.allow
			not fixtures.fired(answer.deny, "is a program")
		}
	}
}

test_guest_runs_no_program if {
	answer := fixtures.decide(object.union(coder, as_role("guest")))
	fixtures.said(answer.deny, "is a program") == "reply:agent"
	chosen := fixtures.decide_with(choosing([{"agent": "ask", "roles": ["guest"]}]), as_role("guest"))
	fixtures.said(chosen.deny, "is a program") == "reply:agent"
}

test_agent_of_unknown_kind_is_a_program if {
	answer := fixtures.decide(object.union({"config": {"agent": {"name": "x", "kind": "robot"}}}, as_role("guest")))
	fixtures.fired(answer.deny, "is a program")
}

# What is listed as something harmless elsewhere does not make the configured agent harmless.
test_kind_of_the_configured_agent_is_its_own if {
	twice := {"config": {"agent": {"name": "coder", "kind": "acp"}, "agents": [{"name": "coder", "kind": "vault"}]}}
	fixtures.fired(fixtures.decide(object.union(twice, as_role("guest"))).deny, "is a program")
}

test_stranger_runs_no_program_unless_their_role_may if {
	asked := object.union_n([public({}), {"config": {"audience": "public", "agent": {"name": "coder", "kind": "acp"}}}])
	fixtures.said(fixtures.decide(asked).deny, "is a program") == "reply:agent"
	opened := {"roles": {"guest": {"chats": ["dm"], "tools": ["execute"]}}}
	answer := fixtures.decide_with(opened, asked)
	answer.allow
	not fixtures.fired(answer.deny, "is a program")
	answer.trust == "sandboxed"
	answer.sandbox.network == "none"
}

test_guest_answers_from_the_vault if {
	settings := choosing([{"agent": "vault", "roles": ["guest"]}])
	answer := fixtures.decide_with(settings, object.union(coder, as_role("guest")))
	answer.agent == "vault"
	not fixtures.fired(answer.deny, "is a program")
}

test_commands_are_given_to_no_agent if {
	guest := object.union(coder, as_role("guest"))
	not fixtures.fired(fixtures.decide(object.union(guest, command("help"))).deny, "is a program")
	press := {"message": {"kind": "callback", "command": "new"}}
	not fixtures.fired(fixtures.decide(object.union(guest, press)).deny, "is a program")
	every kind in ["message", "edit", "callback"] {
		fixtures.fired(fixtures.decide(object.union(guest, {"message": {"kind": kind}})).deny, "is a program")
	}
}

test_who_is_unknown_hears_one_thing if {
	answer := fixtures.decide(object.union(coder, stranger))
	not fixtures.fired(answer.deny, "is a program")
	fixtures.fired(answer.deny, "no role")
}
