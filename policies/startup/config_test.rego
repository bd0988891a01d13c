package parachute.startup_test

import data.parachute.fixtures_test as fixtures

file(changes) := {"files": [object.union(
	{"path": "parachute.yaml", "kind": "config", "mode": "0600", "group_can_read": false, "others_can_read": false},
	changes,
)]}

test_public_bot_that_listens_to_everything_is_told if {
	loud := {"config": {"audience": "public", "groups": "all_messages"}}
	fixtures.fired(fixtures.start(loud).warn, "all_messages")
	not fixtures.fired(fixtures.start(object.union(loud, {"config": {"audience": "team"}})).warn, "all_messages")
	not fixtures.fired(fixtures.start(object.union(loud, {"config": {"groups": "mention_only"}})).warn, "all_messages")
}

test_keeping_other_peoples_words_is_told if {
	every audience in ["public", "team"] {
		fixtures.fired(fixtures.start({"config": {"store_text": true, "audience": audience}}).warn, "store_text")
		not fixtures.fired(fixtures.start({"config": {"audience": audience}}).warn, "store_text")
	}
}

test_keeping_ones_own_words_is_not if {
	not fixtures.fired(fixtures.start({"config": {"store_text": true}}).warn, "store_text")
}

test_workspace_that_nobody_may_use_is_told if {
	fixtures.fired(fixtures.start({"config": {"workspaces": [{"name": "notes"}]}}).warn, `workspace "notes"`)
	not fixtures.fired(fixtures.start({"config": {"workspaces": [{"name": "finance"}]}}).warn, "nobody may use")
}

test_private_files_start_without_a_word if {
	every kind in ["config", "data", "secret"] {
		answer := fixtures.start(file({"kind": kind}))
		not fixtures.fired(answer.deny, "can be read")
		not fixtures.fired(answer.warn, "can be read")
	}
}

test_secret_that_others_can_read_does_not_start if {
	every who in ["group_can_read", "others_can_read"] {
		answer := fixtures.start(file({"kind": "secret", who: true}))
		fixtures.fired(answer.deny, "parachute.yaml (secret) can be read")
		not fixtures.fired(answer.warn, "can be read")
	}
}

test_config_that_others_can_read_is_told if {
	every kind in ["config", "data"] {
		answer := fixtures.start(file({"kind": kind, "others_can_read": true}))
		fixtures.fired(answer.warn, "can be read")
		not fixtures.fired(answer.deny, "can be read")
		not fixtures.fired(fixtures.start(file({"kind": kind, "group_can_read": true})).warn, "can be read")
	}
}

test_file_whose_mode_is_not_told_counts_as_open if {
	doc := object.union(fixtures.startup_input, {"files": [{"path": "token", "kind": "secret"}]})
	fixtures.fired(fixtures.start_exactly(fixtures.settings, doc).deny, "token (secret) can be read")
}

test_secret_whose_group_is_not_told_counts_as_open if {
	doc := object.union(fixtures.startup_input, {"files": [{"path": "token", "kind": "secret", "others_can_read": false}]})
	fixtures.fired(fixtures.start_exactly(fixtures.settings, doc).deny, "token (secret) can be read")
}

test_file_of_a_kind_that_data_does_not_name_does_not_start if {
	fixtures.fired(fixtures.start(file({"kind": "key", "others_can_read": true})).deny, "can be read")
}
