package parachute.message_test

import data.parachute.fixtures_test as fixtures

# A denial that has words for whoever may hear them.
too_long := {"message": {"bytes": 102401}}

test_undecided_is_not_allowed if fixtures.decide({"user": {"roles": []}}).allow == false

test_member_hears_why if {
	every chat in [{}, in_group] {
		fixtures.said(fixtures.decide(object.union(chat, too_long)).deny, "longer") == "reply:too_long"
	}
}

test_who_may_not_hear_from_the_bot_meets_silence if {
	every changes in [
		{"user": {"roles": ["member", "blocked"]}},
		{"user": {"bot": true}},
		{"message": {"kind": "reaction"}},
		{"message": {"kind": "delete"}},
		{"chat": {"kind": "channel"}},
	] {
		every chat in [{}, in_group] {
			answer := fixtures.decide(object.union_n([chat, too_long, changes]))
			fixtures.silent(answer.deny, "longer")
		}
	}
}

test_deletion_meets_silence_whatever_data_says if {
	answer := fixtures.decide_with({"events": {"delete": "answer"}}, object.union(too_long, {"message": {"kind": "delete"}}))
	fixtures.silent(answer.deny, "longer")
}
