package parachute.message_test

import data.parachute.fixtures_test as fixtures

open(changes) := {"session": object.union(
	{"id": "s1", "user": "telegram:100", "trust": "sandboxed", "workspace": "personal"},
	changes,
)}

test_own_session_goes_on if {
	answer := fixtures.decide(open({}))
	not fixtures.fired(answer.deny, "session")
}

test_message_without_a_session if {
	not fixtures.fired(fixtures.decide({}).deny, "session")
}

test_session_of_somebody_else if {
	every kind in ["message", "command"] {
		answer := fixtures.decide(object.union(open({"user": "telegram:1"}), {"message": {"kind": kind, "command": "new"}}))
		fixtures.said(answer.deny, "belongs to somebody else") == "reply:session_owner"
	}
}

test_session_of_nobody_is_somebody_elses if {
	doc := json.remove(object.union(fixtures.message_input, open({})), ["session/user"])
	fixtures.fired(fixtures.decide_exactly(fixtures.settings, doc).deny, "belongs to somebody else")
}

test_sandboxed_person_in_a_direct_session if {
	answer := fixtures.decide(open({"trust": "direct"}))
	fixtures.said(answer.deny, "another trust") == "reply:session_trust"
}

test_direct_person_in_a_sandboxed_session if {
	owner := {"config": {"trust": "direct"}, "user": {"roles": ["owner"]}}
	fixtures.fired(fixtures.decide(object.union(open({}), owner)).deny, "another trust")
	not fixtures.fired(fixtures.decide(object.union(open({"trust": "direct"}), owner)).deny, "another trust")
}

test_session_that_tells_no_trust if {
	doc := json.remove(object.union(fixtures.message_input, open({})), ["session/trust"])
	fixtures.fired(fixtures.decide_exactly(fixtures.settings, doc).deny, "another trust")
}

test_new_ends_a_session_of_another_trust if {
	answer := fixtures.decide(object.union(open({"trust": "direct", "workspace": "gone"}), command("new")))
	answer.allow
	not fixtures.fired(answer.deny, "session")
}

test_session_in_a_workspace_that_was_taken_away if {
	answer := fixtures.decide(open({"workspace": "finance"}))
	fixtures.said(answer.deny, "no longer use") == "reply:session_workspace"
}

test_session_that_tells_no_workspace if {
	doc := json.remove(object.union(fixtures.message_input, open({})), ["session/workspace"])
	fixtures.fired(fixtures.decide_exactly(fixtures.settings, doc).deny, "no longer use")
}

test_session_of_a_person_who_lost_every_role if {
	answer := fixtures.decide(object.union(open({}), stranger))
	not answer.allow
	not fixtures.fired(answer.deny, "no longer use")
}
