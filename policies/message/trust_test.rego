package parachute.message_test

import data.parachute.fixtures_test as fixtures

asked(audience, role) := {"config": {"audience": audience, "trust": "direct"}, "user": {"roles": [role]}}

direct_denials := ["must not run direct", "direct is not for", "audience is neither"]

test_sandboxed_is_never_refused_for_its_trust if {
	every audience in ["public", "private", "team", "development"] {
		answer := fixtures.decide({"config": {"audience": audience}})
		answer.trust == "sandboxed"
		not fixtures.fired(answer.warn, "runs direct")
		every msg in direct_denials {
			not fixtures.fired(answer.deny, msg)
		}
	}
}

test_public_bot_never_runs_direct if {
	answer := fixtures.decide(asked("public", "owner"))
	answer.trust == "sandboxed"
	fixtures.said(answer.deny, "a public bot must not run direct") == "reply:direct"
}

test_public_bot_never_runs_direct_whatever_data_says if {
	settings := {"trust": {"public": {"direct_for": ["owner"], "others": "sandboxed"}}}
	answer := fixtures.decide_with(settings, asked("public", "owner"))
	answer.trust == "sandboxed"
	fixtures.fired(answer.deny, "a public bot must not run direct")
}

test_teams_bot_does_not_run_direct if {
	every role in ["owner", "member"] {
		answer := fixtures.decide(asked("team", role))
		answer.trust == "sandboxed"
		fixtures.said(answer.deny, "a team's bot must not run direct") == "reply:direct"
		not fixtures.fired(answer.deny, "direct is not for")
	}
}

test_owner_runs_direct_with_a_warning if {
	every audience in ["private", "development"] {
		answer := fixtures.decide(asked(audience, "owner"))
		answer.trust == "direct"
		fixtures.fired(answer.warn, "runs direct")
		every msg in direct_denials {
			not fixtures.fired(answer.deny, msg)
		}
	}
}

test_others_are_sandboxed_instead if {
	every audience in ["private", "development"] {
		answer := fixtures.decide(asked(audience, "member"))
		answer.trust == "sandboxed"
		not fixtures.fired(answer.warn, "runs direct")
		every msg in direct_denials {
			not fixtures.fired(answer.deny, msg)
		}
	}
}

test_others_are_denied_when_data_says_so if {
	every audience in ["private", "development"] {
		settings := {"trust": {audience: {"others": "deny"}}}
		answer := fixtures.decide_with(settings, asked(audience, "member"))
		fixtures.said(answer.deny, "direct is not for") == "reply:direct"
		not fixtures.fired(answer.deny, "a team's bot")
		not fixtures.fired(fixtures.decide_with(settings, asked(audience, "owner")).deny, "direct is not for")
	}
}

test_others_are_denied_when_data_says_nothing if {
	settings := json.remove(fixtures.settings, ["trust/private/others"])
	doc := object.union(fixtures.message_input, asked("private", "member"))
	fixtures.fired(fixtures.decide_exactly(settings, doc).deny, "direct is not for")
}

test_audience_without_a_recommendation_is_refused if {
	fixtures.silent(fixtures.decide({"config": {"audience": "friends"}}).deny, "audience is neither")
	fixtures.fired(fixtures.decide_without("config/audience").deny, "audience is neither")
	settings := json.remove(fixtures.settings, ["trust/private"])
	fixtures.fired(fixtures.decide_exactly(settings, fixtures.message_input).deny, "audience is neither")
}

test_trust_that_is_not_told_is_sandboxed if {
	fixtures.decide_without("config/trust").trust == "sandboxed"
}

test_trust_in_another_spelling_is_sandboxed if {
	every trust in ["full", "trusted", "vault", "DIRECT", ""] {
		fixtures.decide({"config": {"trust": trust}, "user": {"roles": ["owner"]}}).trust == "sandboxed"
	}
}
