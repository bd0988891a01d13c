package parachute.message_test

import data.parachute.fixtures_test as fixtures

owner := {"user": {"id": "telegram:1", "roles": ["owner"], "lasting": ["owner"]}}

admin := {"user": {"id": "telegram:2", "roles": ["admin"], "lasting": ["admin"]}}

answers(name, pairing) := fixtures.code(name, pairing)

test_owner_answers_a_request if {
	every name in ["approve", "deny"] {
		every person in [owner, admin] {
			answer := fixtures.decide(object.union(person, answers(name, {})))
			answer.allow
			fixtures.clear(answer.deny)
		}
	}
}

test_approval_by_a_non_owner_cve_2026_32905 if {
	every name in ["approve", "deny"] {
		every pairing in [{}, {"state": "unknown"}, {"state": "used"}] {
			every role in ["member", "guest"] {
				answer := fixtures.decide(object.union(answers(name, pairing), {"user": {"roles": [role]}}))
				fixtures.said(answer.deny, "data.commands") == "reply:command"

				# Nobody learns from the words whether there is such a code.
				count(fixtures.by_default(answer.deny)) == 1
			}
		}
	}
}

test_code_used_twice_cve_2026_32987 if {
	every name in ["approve", "deny"] {
		answer := fixtures.decide(object.union(owner, answers(name, {"state": "used"})))
		fixtures.said(answer.deny, "used already") == "reply:pairing_used"
	}
}

test_code_that_cannot_be_answered if {
	every state, reply in {"unknown": "pairing_code", "expired": "pairing_expired", "denied": "pairing_denied"} {
		answer := fixtures.decide(object.union(owner, answers("approve", {"state": state})))
		some denial in answer.deny
		denial.reply == concat("", ["reply:", reply])
	}
}

test_code_that_tells_no_state_is_unknown if {
	doc := json.remove(object.union_n([fixtures.message_input, owner, answers("approve", {})]), ["message/target/pairing"])
	nowhere := object.union(doc, {"message": {"target": {"pairing": {"own": false}}}})
	fixtures.said(fixtures.decide_exactly(fixtures.settings, nowhere).deny, "no request has this code") == "reply:pairing_code"
	person := object.union(owner, fixtures.about("approve", {"kind": "person"}))
	fixtures.fired(fixtures.decide(person).deny, "no request has this code")
}

# The gate answers how it is written.
test_answer_without_a_code_is_admitted_for_those_who_may if {
	every name in ["approve", "deny"] {
		bare := json.remove(fixtures.code(name, {}), ["message/target/pairing"])
		every person in [owner, admin] {
			answer := fixtures.decide(object.union(person, bare))
			answer.allow
			fixtures.clear(answer.deny)
		}
		fixtures.said(fixtures.decide(bare).deny, "data.commands") == "reply:command"
		fixtures.fired(fixtures.decide(object.union_n([owner, bare, in_group])).deny, "direct messages alone")
	}
}

test_only_requests_are_answered if {
	every kind in ["link", "claim"] {
		answer := fixtures.decide(object.union(owner, answers("approve", {"kind": kind})))
		fixtures.said(answer.deny, "not of a request") == "reply:pairing_code"
	}
	answer := fixtures.decide(object.union(owner, answers("deny", {"kind": "link", "state": "entered"})))
	fixtures.fired(answer.deny, "not of a request")
}

test_command_without_words_is_admitted if {
	every name in ["approve", "deny", "add", "role", "block", "unblock", "remove", "share"] {
		answer := fixtures.decide(object.union(owner, command(name)))
		answer.allow
		fixtures.clear(answer.deny)
	}
}
