package parachute.startup_test

import data.parachute.fixtures_test as fixtures

configured(audience, trust) := fixtures.start({"config": {"audience": audience, "trust": trust}})

test_sandboxed_starts_without_a_word if {
	every audience in ["public", "private", "team", "development"] {
		answer := configured(audience, "sandboxed")
		every msg in ["trust: direct", "trust is not known", "audience is neither"] {
			not fixtures.fired(answer.deny, msg)
			not fixtures.fired(answer.warn, msg)
		}
	}
}

test_public_bot_does_not_start_direct if {
	fixtures.fired(configured("public", "direct").deny, "must not have trust: direct")
}

test_direct_starts_with_a_warning if {
	every audience in ["private", "team", "development"] {
		answer := configured(audience, "direct")
		fixtures.fired(answer.warn, "without a sandbox")
		not fixtures.fired(answer.deny, "must not have trust: direct")
	}
}

test_team_that_is_set_to_direct_is_told if {
	fixtures.fired(configured("team", "direct").warn, "audience: team with trust: direct")
	not fixtures.fired(configured("private", "direct").warn, "audience: team with trust: direct")
}

test_unknown_trust_does_not_start if {
	fixtures.fired(configured("private", "full").deny, "trust is not known")
	fixtures.fired(fixtures.start_without("config/trust").deny, "trust is not known")
}

test_unknown_audience_does_not_start if {
	fixtures.fired(configured("friends", "sandboxed").deny, "audience is neither")
	fixtures.fired(fixtures.start_without("config/audience").deny, "audience is neither")
}
