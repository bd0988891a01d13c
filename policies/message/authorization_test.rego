package parachute.message_test

import data.parachute.fixtures_test as fixtures

stranger := {"user": {"roles": []}}

in_group := fixtures.in_group

public(changes) := object.union({"config": {"audience": "public"}, "user": {"roles": []}}, changes)

test_person_with_a_role_talks if {
	answer := fixtures.decide({})
	answer.allow
	not fixtures.fired(answer.deny, "no role")
	not fixtures.fired(answer.deny, "do not talk")
	not fixtures.fired(answer.deny, "blocked")
	not fixtures.fired(answer.deny, "kind of chat")
	not fixtures.fired(answer.deny, "channels")
}

test_local_person_talks if fixtures.decide({"user": {"local": true, "roles": []}}).allow

test_local_role_talks_where_it_may if {
	not fixtures.decide_with({"local_role": "auditor"}, {"user": {"local": true, "roles": []}}).allow
}

test_stranger_talks_to_a_public_bot if {
	answer := fixtures.decide(public({}))
	answer.allow
	not fixtures.fired(answer.deny, "no role")
}

test_strangers_role_talks_where_it_may if {
	answer := fixtures.decide_with({"audience": {"public": {"strangers": "auditor"}}}, public({}))
	not answer.allow
	fixtures.silent(answer.deny, "do not talk")
}

test_stranger_of_a_private_bot_is_told_whom_to_ask if {
	answer := fixtures.decide(stranger)
	not answer.allow
	fixtures.said(answer.deny, "no role") == "reply:pairing_new"
	not fixtures.fired(answer.deny, "do not talk")
}

test_stranger_of_a_bot_without_pairing_is_told_whom_to_ask if {
	answer := fixtures.decide_with({"pairing": {"audiences": []}}, stranger)
	fixtures.said(answer.deny, "no role") == "reply:unknown_user"
}

test_stranger_who_waits_is_told_once_more_and_then_meets_silence if {
	answer := fixtures.decide({"user": {"roles": [], "pairing": "pending"}})
	not answer.allow
	fixtures.said(answer.deny, "no role") == "reply:pairing_waiting"
	every state in ["reminded", "denied"] {
		fixtures.silent(fixtures.decide({"user": {"roles": [], "pairing": state}}).deny, "no role")
	}
}

test_stranger_of_a_public_bot_that_serves_none if {
	settings := json.remove(fixtures.settings, ["audience/public/strangers"])
	answer := fixtures.decide_exactly(settings, object.union(fixtures.message_input, public({})))
	not answer.allow
	fixtures.said(answer.deny, "no role") == "reply:unknown_user"
}

test_stranger_in_a_group_meets_silence if {
	every changes in [object.union(stranger, in_group), public(in_group)] {
		answer := fixtures.decide(changes)
		not answer.allow
		fixtures.silent(answer.deny, "no role")
	}
}

test_person_whose_roles_are_not_told_is_unknown if {
	answer := fixtures.decide_without("user/roles")
	not answer.allow
	fixtures.fired(answer.deny, "no role")
}

test_role_that_data_does_not_define_is_unknown if {
	answer := fixtures.decide({"user": {"roles": ["ghost"]}})
	not answer.allow
	fixtures.fired(answer.deny, "no role")
}

test_blocked_person_gets_nothing if {
	every chat in [{}, in_group] {
		answer := fixtures.decide(object.union(chat, {"user": {"roles": ["owner", "blocked"]}}))
		not answer.allow
		fixtures.silent(answer.deny, "blocked")
		not fixtures.fired(answer.deny, "no role")
	}
}

test_blocked_person_at_the_terminal_gets_nothing if {
	answer := fixtures.decide({"user": {"local": true, "roles": ["blocked"]}})
	not answer.allow
	fixtures.silent(answer.deny, "blocked")
}

test_missing_chat_kind_is_not_a_direct_message if {
	answer := fixtures.decide_without("chat/kind")
	not answer.allow
	fixtures.silent(answer.deny, "kind of chat")
	not fixtures.fired(answer.deny, "do not talk")
}

test_unknown_chat_kind_is_not_a_direct_message if {
	answer := fixtures.decide({"chat": {"kind": "private"}})
	not answer.allow
	fixtures.silent(answer.deny, "kind of chat")
}

test_channel_posts_are_not_answered if {
	answer := fixtures.decide({"chat": {"kind": "channel"}, "message": {"mentions_bot": true}})
	not answer.allow
	fixtures.silent(answer.deny, "channels")
	not fixtures.fired(answer.deny, "kind of chat")
}

test_member_talks_in_a_group if {
	answer := fixtures.decide(in_group)
	answer.allow
	not fixtures.fired(answer.deny, "do not talk")
}

test_guest_does_not_talk_in_a_group if {
	answer := fixtures.decide(object.union(in_group, {"user": {"roles": ["guest"]}}))
	not answer.allow
	fixtures.silent(answer.deny, "do not talk")
}

test_role_without_direct_messages if {
	answer := fixtures.decide({"user": {"roles": ["auditor"]}})
	not answer.allow
	fixtures.silent(answer.deny, "do not talk")
}

test_group_that_names_its_roles_serves_these_alone if {
	settings := {"groups": {"chats": {"telegram:-200": {"roles": ["guest"]}}}}
	fixtures.decide_with(settings, object.union(in_group, {"user": {"roles": ["guest"]}})).allow
	member := fixtures.decide_with(settings, in_group)
	not member.allow
	fixtures.silent(member.deny, "do not talk")
}

test_group_that_names_its_roles_opens_no_other_chat if {
	settings := {"groups": {"chats": {"telegram:-200": {"roles": ["guest"]}}}}
	elsewhere := {"chat": {"id": "telegram:-201"}, "user": {"roles": ["guest"]}}
	not fixtures.decide_with(settings, object.union(in_group, elsewhere)).allow
}

test_groups_roles_open_no_direct_message if {
	settings := {"groups": {"chats": {"telegram:-200": {"roles": ["auditor"]}}}}
	in_dm := {"chat": {"id": "telegram:-200", "kind": "dm"}, "user": {"roles": ["auditor"]}}
	not fixtures.decide_with(settings, in_dm).allow
}

test_group_that_names_its_roles_serves_nobody_who_is_blocked if {
	settings := {"groups": {"chats": {"telegram:-200": {"roles": ["owner"]}}}}
	not fixtures.decide_with(settings, object.union(in_group, {"user": {"roles": ["owner", "blocked"]}})).allow
}

test_group_that_serves_anyone_serves_no_stranger if {
	settings := {"groups": {"chats": {"telegram:-200": {"roles": ["anyone"]}}}}
	answer := fixtures.decide_with(settings, object.union(in_group, stranger))
	not answer.allow
	fixtures.silent(answer.deny, "no role")
}
