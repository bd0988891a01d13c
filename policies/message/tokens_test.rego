package parachute.message_test

import data.parachute.fixtures_test as fixtures

token(state) := {"user": {"token": {"id": "t1", "state": state}}}

asks := {"tokens": {"required": ["telegram"]}}

test_no_token_is_needed_where_none_is_asked_for if {
	every settings in [{}, {"tokens": {"required": ["stdio"]}}, {"tokens": {"required": ["tele"]}}] {
		not fixtures.fired(fixtures.decide_with(settings, {}).deny, "token")
	}
}

test_connector_that_asks_for_a_token if {
	not fixtures.fired(fixtures.decide_with(asks, token("valid")).deny, "token")
	every changes in [{}, command("help"), {"user": {"roles": ["owner"]}}] {
		fixtures.said(fixtures.decide_with(asks, changes).deny, "none came") == "reply:token"
	}
}

test_token_that_is_not_valid_is_worse_than_none if {
	every settings in [{}, asks] {
		every state in ["expired", "revoked", "misplaced", "unknown", "", "VALID"] {
			fixtures.said(fixtures.decide_with(settings, token(state)).deny, "not valid here") == "reply:token"
		}
	}
	doc := json.remove(object.union(fixtures.message_input, token("valid")), ["user/token/state"])
	fixtures.fired(fixtures.decide_exactly(fixtures.settings, doc).deny, "not valid here")
}

test_token_makes_nobody_known if {
	answer := fixtures.decide(object.union(stranger, token("valid")))
	not answer.allow
	fixtures.fired(answer.deny, "no role")
}
