package parachute.tool_test

import data.parachute.fixtures_test as fixtures

test_note_of_the_largest_size_fits if {
	not fixtures.fired(fixtures.use({"tool": {"bytes": 1048576}}).deny, "max_note_bytes")
}

test_note_that_is_too_big if {
	every name in ["write", "append"] {
		answer := fixtures.use({"tool": {"kind": name, "bytes": 1048577}})
		fixtures.said(answer.deny, "max_note_bytes") == "reply:tool_size"
	}
}

test_note_of_unknown_size_is_too_big if {
	fixtures.fired(fixtures.use_without("tool/bytes").deny, "max_note_bytes")
}

test_reading_has_no_size if {
	not fixtures.fired(fixtures.use({"tool": {"kind": "read", "bytes": 1048577}}).deny, "max_note_bytes")
}

test_received_file_has_the_bound_of_attachments if {
	received := {"tool": {"name": "notes.receive", "bytes": 10000000}}
	not fixtures.fired(fixtures.use(received).deny, "in one call")
	fixtures.fired(fixtures.use({"tool": {"name": "notes.receive", "bytes": 10000001}}).deny, "in one call")
}

test_bound_that_is_a_text_holds_everything_back if {
	every changes in [{"tools": {"max_note_bytes": "1MiB"}}, {"tools": {"max_note_bytes": null}}] {
		fixtures.fired(fixtures.use_with(changes, {}).deny, "in one call")
	}
}
