package parachute.message_test

import data.parachute.fixtures_test as fixtures

unaddressed := object.union(in_group, {"message": {"mentions_bot": false}})

test_message_without_a_mention_meets_silence if {
	fixtures.silent(fixtures.decide(unaddressed).deny, "not mentioned")
}

test_message_with_a_mention_is_heard if {
	not fixtures.fired(fixtures.decide(in_group).deny, "not mentioned")
}

test_mention_in_the_text_is_no_mention if {
	answer := fixtures.decide(object.union(unaddressed, {"message": {"text": "@parachute_bot2 hello"}}))
	fixtures.silent(answer.deny, "not mentioned")
}

test_reply_to_the_bot_is_heard if {
	answer := fixtures.decide(object.union(unaddressed, {"message": {"reply_to_bot": true}}))
	not fixtures.fired(answer.deny, "not mentioned")
}

test_mention_that_is_not_told_is_none if {
	every path in ["message/mentions_bot", "config/groups"] {
		doc := json.remove(object.union(fixtures.message_input, unaddressed), [path])
		fixtures.silent(fixtures.decide_exactly(fixtures.settings, doc).deny, "not mentioned")
	}
}

test_direct_message_needs_no_mention if {
	not fixtures.fired(fixtures.decide({}).deny, "not mentioned")
}

test_group_of_all_messages_hears_everything if {
	answer := fixtures.decide(object.union(unaddressed, {"config": {"groups": "all_messages"}}))
	not fixtures.fired(answer.deny, "not mentioned")
}

test_groups_own_mode_goes_first if {
	quiet := {"groups": {"chats": {"telegram:-200": {"mode": "mention_only"}}}}
	strict := fixtures.decide_with(quiet, object.union(unaddressed, {"config": {"groups": "all_messages"}}))
	fixtures.silent(strict.deny, "not mentioned")
	loud := {"groups": {"chats": {"telegram:-200": {"mode": "all_messages"}}}}
	not fixtures.fired(fixtures.decide_with(loud, unaddressed).deny, "not mentioned")
}

test_misspelt_mode_needs_a_mention if {
	settings := {"groups": {"chats": {"telegram:-200": {"mode": "everything"}}}}
	fixtures.silent(fixtures.decide_with(settings, unaddressed).deny, "not mentioned")
}

test_known_command_needs_no_mention if {
	answer := fixtures.decide(object.union(unaddressed, {"message": {"kind": "command", "command": "help"}}))
	not fixtures.fired(answer.deny, "not mentioned")
}

test_message_that_looks_like_a_command_needs_a_mention if {
	answer := fixtures.decide(object.union(unaddressed, {"message": {"kind": "message", "command": "help"}}))
	fixtures.silent(answer.deny, "not mentioned")
}

test_command_of_another_bot_meets_silence if {
	answer := fixtures.decide(object.union(unaddressed, {"message": {"kind": "command", "command": "weather"}}))
	fixtures.silent(answer.deny, "not mentioned")
}

test_own_button_needs_no_mention if {
	answer := fixtures.decide(object.union(unaddressed, {"message": {"kind": "callback"}}))
	not fixtures.fired(answer.deny, "not mentioned")
}

bound := {"groups": {"chats": {"telegram:-200": {"workspace": "club"}}}}

test_group_that_is_bound_to_a_workspace_uses_it if {
	fixtures.decide_with(bound, in_group).workspace == "club"
	chosen := fixtures.decide_with(bound, object.union(in_group, asking("personal", "member")))
	chosen.workspace == "club"
	fixtures.clear(chosen.deny)
	elsewhere := {"chat": {"id": "telegram:-201"}}
	fixtures.decide_with(bound, object.union(in_group, elsewhere)).workspace == "personal"
	fixtures.decide_with(bound, {"chat": {"id": "telegram:-200", "kind": "dm"}}).workspace == "personal"
}

test_group_that_is_bound_stays_in_its_workspace if {
	every name in ["personal", "finance", "nowhere"] {
		goes := object.union_n([in_group, asking(name, "owner"), command("workspace")])
		fixtures.said(fixtures.decide_with(bound, goes).deny, "bound to another") == "reply:group_workspace"
	}
	stays := object.union_n([in_group, asking("club", "owner"), command("workspace")])
	not fixtures.fired(fixtures.decide_with(bound, stays).deny, "bound to another")
}

test_group_that_is_bound_opens_its_workspace_to_nobody if {
	settings := {"groups": {"chats": {"telegram:-200": {"workspace": "finance"}}}}
	answer := fixtures.decide_with(settings, in_group)
	fixtures.fired(answer.deny, "data.workspaces")
	not answer.workspace
	every name in ["nowhere", null, 5] {
		wrong := {"groups": {"chats": {"telegram:-200": {"workspace": name}}}}
		fixtures.fired(fixtures.decide_with(wrong, in_group).deny, "data.workspaces")
	}
}
