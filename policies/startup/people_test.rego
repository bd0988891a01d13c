package parachute.startup_test

import data.parachute.fixtures_test as fixtures

test_people_that_are_fine_start_without_a_word if {
	answer := fixtures.start({})
	every msg in ["pairing.role", "tokens.required"] {
		not fixtures.fired(answer.deny, msg)
	}
	every msg in ["pairing.audiences", "tokens.required", "granted", "there is no workspace", "has no key", "must be a list"] {
		not fixtures.fired(answer.warn, msg)
	}
}

test_approval_makes_nobody_an_owner if {
	every role in ["owner", "admin"] {
		fixtures.fired(tuned({"pairing": {"role": role}}).deny, "pairing.role in data.yaml must not be")
	}
}

test_audience_of_pairing_that_is_misspelt_is_told if {
	not fixtures.fired(tuned({"pairing": {"audiences": []}}).warn, "pairing.audiences in data.yaml")
	every audiences in [["privat"], "private?", ["private", 5]] {
		fixtures.fired(tuned({"pairing": {"audiences": audiences}}).warn, "pairing.audiences in data.yaml")
	}
}

test_list_of_tokens_that_cannot_be_read_does_not_start if {
	every required in ["stdio", null, [5], {"stdio": true}] {
		fixtures.fired(tuned({"tokens": {"required": required}}).deny, "tokens.required in data.yaml must be a list")
	}
	settings := json.remove(fixtures.settings, ["tokens/required"])
	fixtures.fired(fixtures.start_exactly(settings, fixtures.startup_input).deny, "tokens.required in data.yaml must be a list")
}

test_connector_that_is_not_there_asks_for_no_token if {
	fixtures.fired(tuned({"tokens": {"required": ["consle"]}}).warn, "tokens.required in data.yaml names consle")
	not fixtures.fired(tuned({"tokens": {"required": ["console"]}}).warn, "tokens.required in data.yaml names")
}

test_key_of_an_entry_that_is_misspelt_is_told if {
	every changes in [
		{"roles": {"admin": {"give": ["guest"]}}},
		{"groups": {"chats": {"telegram:-1": {"workspaces": "club"}}}},
		{"workspaces": {"club": {"read_write": {"chat": []}}}},
		{"workspaces": {"club": {"read_only": {"role": []}}}},
	] {
		fixtures.fired(tuned(changes).warn, "has no key")
	}
}

test_list_of_an_entry_that_is_a_word_is_told if {
	every changes in [
		{"roles": {"admin": {"chats": "dm"}}},
		{"roles": {"admin": {"gives": {"guest": true}}}},
		{"groups": {"chats": {"telegram:-1": {"roles": "member"}}}},
		{"workspaces": {"club": {"read_write": {"people": "telegram:1"}}}},
	] {
		fixtures.fired(tuned(changes).warn, "must be a list")
	}
}

test_command_that_is_misspelt_is_told if {
	fixtures.fired(tuned({"commands": {"blok": {"roles": ["owner"]}}}).warn, "commands in data.yaml names blok")
	not fixtures.fired(fixtures.start({}).warn, "which is no command")
}

test_word_for_a_grant_that_is_misspelt_is_told if {
	fixtures.fired(tuned({"workspaces": {"club": {"granted": "write"}}}).warn, "workspaces.club.granted")
	every granted in ["read_only", "read_write"] {
		not fixtures.fired(tuned({"workspaces": {"club": {"granted": granted}}}).warn, "granted")
	}
}

test_group_that_is_bound_to_no_workspace_is_told if {
	fixtures.fired(tuned({"groups": {"chats": {"telegram:-1": {"workspace": "clubb"}}}}).warn, "there is no workspace clubb")
	not fixtures.fired(tuned({"groups": {"chats": {"telegram:-1": {"workspace": "club"}}}}).warn, "there is no workspace")
}
