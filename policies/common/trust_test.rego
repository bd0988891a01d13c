package parachute.common_test

import data.parachute.fixtures_test as fixtures

trusted(audience, trust, roles) := fixtures.who_with(
	{"trust": {"public": {"direct_for": ["owner"], "others": "sandboxed"}}},
	{"config": {"audience": audience, "trust": trust}, "user": {"roles": roles}},
).trust

test_sandboxed_unless_configured if {
	every audience in ["public", "private", "team", "development"] {
		trusted(audience, "sandboxed", ["owner"]) == "sandboxed"
	}
}

test_direct_for_the_owner_in_private_and_development if {
	every audience in ["private", "development"] {
		trusted(audience, "direct", ["owner"]) == "direct"
		trusted(audience, "direct", ["admin"]) == "sandboxed"
		trusted(audience, "direct", []) == "sandboxed"
		trusted(audience, "direct", ["owner", "blocked"]) == "sandboxed"
	}
}

test_public_is_sandboxed_whatever_data_says if trusted("public", "direct", ["owner"]) == "sandboxed"

test_team_is_sandboxed if trusted("team", "direct", ["owner"]) == "sandboxed"

test_sandboxed_when_the_configuration_is_silent if {
	every path in ["config/trust", "config/audience"] {
		doc := json.remove(object.union(fixtures.message_input, {"config": {"trust": "direct"}, "user": {"roles": ["owner"]}}), [path])
		fixtures.who_exactly(fixtures.settings, doc).trust == "sandboxed"
	}
}
