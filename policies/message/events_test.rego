package parachute.message_test

import data.parachute.fixtures_test as fixtures

test_bot_is_not_answered if {
	every chat in [{}, in_group] {
		answer := fixtures.decide(object.union(chat, {"user": {"bot": true}}))
		fixtures.silent(answer.deny, "is a bot")
	}
}

test_unknown_bot_meets_silence if {
	answer := fixtures.decide({"user": {"bot": true, "roles": []}})
	fixtures.silent(answer.deny, "is a bot")
}

test_sender_that_is_not_said_to_be_human_is_a_bot if {
	fixtures.silent(fixtures.decide_without("user/bot").deny, "is a bot")
}

test_human_is_answered if {
	not fixtures.fired(fixtures.decide({}).deny, "is a bot")
}

ignored_events := {
	"edit": "edits are ignored",
	"delete": "deletions are ignored",
	"reaction": "reactions are ignored",
	"callback": "button presses are ignored",
}

test_event_is_ignored if {
	every kind, msg in ignored_events {
		fixtures.silent(fixtures.decide({"message": {"kind": kind}}).deny, msg)
	}
}

test_event_is_ignored_for_strangers_too if {
	every kind, msg in ignored_events {
		fixtures.silent(fixtures.decide({"message": {"kind": kind}, "user": {"roles": []}}).deny, msg)
	}
}

test_message_is_none_of_the_ignored_events if {
	every msg in ignored_events {
		not fixtures.fired(fixtures.decide({}).deny, msg)
	}
}

test_setting_that_is_missing_ignores if {
	every kind in ["edit", "reaction", "callback"] {
		settings := json.remove(fixtures.settings, [concat("/", ["events", kind])])
		doc := object.union(fixtures.message_input, {"message": {"kind": kind}})
		fixtures.silent(fixtures.decide_exactly(settings, doc).deny, ignored_events[kind])
	}
}

test_event_that_data_answers_is_decided_like_a_message if {
	every kind in ["edit", "reaction", "callback"] {
		settings := {"events": {kind: "answer"}}
		answer := fixtures.decide_with(settings, {"message": {"kind": kind}})
		answer.allow
		not fixtures.fired(answer.deny, ignored_events[kind])
		long := fixtures.decide_with(settings, {"message": {"kind": kind, "bytes": 102401}})
		fixtures.said(long.deny, "longer") == "reply:too_long"
	}
}

test_answered_edit_of_a_stranger_is_denied if {
	answer := fixtures.decide_with({"events": {"edit": "answer"}}, {"message": {"kind": "edit"}, "user": {"roles": []}})
	not answer.allow
	fixtures.said(answer.deny, "no role") == "reply:unknown_user"
}

test_deletion_is_never_answered if {
	answer := fixtures.decide_with({"events": {"delete": "answer"}}, {"message": {"kind": "delete"}})
	fixtures.silent(answer.deny, "deletions are ignored")
}

test_forwarded_message_is_answered if {
	not fixtures.fired(fixtures.decide({"message": {"forwarded": true}}).deny, "forwarded")
}

test_forwarded_message_is_refused_when_data_says_so if {
	settings := {"events": {"forwarded": "ignore"}}
	answer := fixtures.decide_with(settings, {"message": {"forwarded": true}})
	fixtures.said(answer.deny, "forwarded") == "reply:forwarded"
	not fixtures.fired(fixtures.decide_with(settings, {}).deny, "forwarded")
}

test_message_that_may_be_forwarded_is if {
	settings := object.union(fixtures.settings, {"events": {"forwarded": "ignore"}})
	doc := json.remove(fixtures.message_input, ["message/forwarded"])
	fixtures.fired(fixtures.decide_exactly(settings, doc).deny, "forwarded")
}

test_press_that_gives_a_command_is_decided_as_the_command if {
	press := {"message": {"kind": "callback", "command": "help"}}
	answer := fixtures.decide(press)
	answer.allow
	not fixtures.fired(answer.deny, "button presses")
	other := fixtures.decide({"message": {"kind": "callback", "command": "users"}})
	fixtures.said(other.deny, "data.commands") == "reply:command"
}

test_forwarded_command_is_not_carried_out if {
	command := {"message": {"kind": "command", "command": "help"}}
	fixtures.said(fixtures.decide(object.union(command, {"message": {"forwarded": true}})).deny, "forwarded") == "reply:forwarded"
	not fixtures.fired(fixtures.decide(command).deny, "forwarded")
}

test_command_that_may_be_forwarded_is if {
	doc := json.remove(
		object.union(fixtures.message_input, {"message": {"kind": "command", "command": "help"}}),
		["message/forwarded"],
	)
	fixtures.fired(fixtures.decide_exactly(fixtures.settings, doc).deny, "a forwarded message gives a command")
}

test_event_of_unknown_kind_is_refused if {
	fixtures.silent(fixtures.decide({"message": {"kind": "poll"}}).deny, "no known kind")
	fixtures.silent(fixtures.decide_without("message/kind").deny, "no known kind")
}

test_event_of_known_kind_is_not_refused_for_it if {
	every kind in ["message", "command", "edit", "delete", "reaction", "callback"] {
		not fixtures.fired(fixtures.decide({"message": {"kind": kind}}).deny, "no known kind")
	}
}
