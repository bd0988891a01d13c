package parachute.startup_test

import data.parachute.fixtures_test as fixtures

tuned(changes) := fixtures.start_with(changes, {})

test_data_that_is_fine_starts_without_a_word if {
	answer := fixtures.start({})
	every msg in ["strangers", "must not define", "workspace name", "limits in data.yaml", "pattern", "missing or empty", "without a unit"] {
		not fixtures.fired(answer.deny, msg)
	}
	every msg in ["names the role", "taken for ignore"] {
		not fixtures.fired(answer.warn, msg)
	}
}

test_bound_that_is_no_number_does_not_start if {
	every changes in [
		{"content": {"max_text_bytes": "100KB"}},
		{"content": {"max_age_seconds": "5m"}},
		{"content": {"max_age_seconds": -1}},
		{"content": {"attachments": {"max_count": "ten"}}},
		{"content": {"attachments": {"max_bytes": "30MB"}}},
		{"tools": {"max_note_bytes": 1.5}},
		{"pairing": {"guesses_per_hour": "5"}},
		{"pairing": {"strangers_guesses_per_hour": -1}},
	] {
		fixtures.fired(tuned(changes).deny, "write a whole number without a unit")
	}
}

test_bound_that_is_missing_does_not_start if {
	every path in [
		"content/max_text_bytes", "content/max_age_seconds", "content/attachments/max_count",
		"content/attachments/max_bytes", "tools/max_note_bytes",
		"pairing/guesses_per_hour", "pairing/strangers_guesses_per_hour",
	] {
		answer := fixtures.start_exactly(json.remove(fixtures.settings, [path]), fixtures.startup_input)
		fixtures.fired(answer.deny, concat(" ", [replace(path, "/", "."), "in data.yaml is not valid"]))
	}
}

test_key_that_is_misspelt_is_told if {
	every changes in [
		{"content": {"max_byte": 1}},
		{"content": {"attachments": {"max_byte": 1}}},
		{"events": {"edits": "answer"}},
		{"files": {"secrets": "deny"}},
		{"tools": {"protect": []}},
		{"groups": {"chat": {}}},
		{"limits": {"other": {}}},
		{"people": {"overseers": []}},
		{"pairing": {"audience": []}},
		{"tokens": {"require": []}},
	] {
		fixtures.fired(tuned(changes).warn, "has no key")
	}
}

test_keys_that_are_known_are_not_told if not fixtures.fired(fixtures.start({}).warn, "has no key")

test_strangers_never_run_the_bot if {
	every role in ["owner", "admin"] {
		fixtures.fired(tuned({"audience": {"public": {"strangers": role}}}).deny, "strangers in data.yaml must not be")
	}
}

test_role_that_is_misspelt_is_told if {
	every changes in [
		{"local_role": "memebr"},
		{"audience": {"public": {"strangers": "memebr"}}},
		{"trust": {"team": {"direct_for": ["memebr"]}}},
		{"commands": {"help": {"roles": ["memebr"]}}},
		{"workspaces": {"finance": {"read_write": {"roles": ["memebr"]}}}},
		{"workspaces": {"finance": {"read_only": {"roles": ["memebr"]}}}},
		{"groups": {"chats": {"telegram:-1": {"roles": ["memebr"]}}}},
		{"limits": {"roles": {"memebr": {"messages_per_minute": 1}}}},
		{"pairing": {"role": "memebr"}},
		{"people": {"oversee": ["memebr"]}},
		{"roles": {"admin": {"gives": ["memebr"]}}},
	] {
		fixtures.fired(tuned(changes).warn, `names the role "memebr"`)
	}
}

test_reserved_role_does_not_start if {
	every role in ["anyone", "all", "blocked"] {
		fixtures.fired(tuned({"roles": {role: {"chats": ["dm"]}}}).deny, "must not define")
	}
}

test_workspace_name_that_is_no_folder_name_does_not_start if {
	every name in ["../etc", "Notes", "a b", "", "-a", "a:b"] {
		fixtures.fired(tuned({"workspaces": {name: {}}}).deny, "workspace name")
	}
}

test_limit_that_is_misspelt_does_not_start if {
	every limits in [
		{"roles": {"member": {"messages_per_minut": 20}}},
		{"roles": {"member": {"messages_per_minute": "20"}}},
		{"others": {"messages_per_minute": -1}},
		{"group": {"messages_per_minute": 1.5}},
		{"connector": {"messages": 1}},
		{"all": {"messages_per_year": 1}},
	] {
		fixtures.fired(tuned({"limits": limits}).deny, "limits in data.yaml")
	}
}

test_setting_of_an_event_that_is_misspelt_is_told if {
	fixtures.fired(tuned({"events": {"edit": "anser"}}).warn, "events.edit in data.yaml is taken for ignore")
	not fixtures.fired(tuned({"events": {"edit": "answer"}}).warn, "taken for ignore")
}

test_pattern_that_cannot_be_read_does_not_start if {
	every list in ["protected", "secret"] {
		fixtures.fired(tuned({"tools": {list: ["["]}}).deny, "pattern [")
	}
}

test_missing_list_of_protected_files_does_not_start if {
	every list in ["protected", "secret"] {
		fixtures.fired(tuned({"tools": {list: []}}).deny, "missing or empty")
		settings := json.remove(fixtures.settings, [concat("/", ["tools", list])])
		fixtures.fired(fixtures.start_exactly(settings, fixtures.startup_input).deny, "missing or empty")
	}
}
