package parachute.message_test

import data.parachute.fixtures_test as fixtures

full(per) := {"limits": {"exceeded": [{
	"name": "messages_per_minute", "per": per, "max": 20,
	"window": "1m", "retry_after_seconds": 12,
}]}}

test_member_has_the_members_limits if {
	limits := fixtures.decide({}).limits
	{"name": "messages_per_minute", "per": "user", "max": 20, "window": "1m"} in limits
	{"name": "messages_per_day", "per": "user", "max": 500, "window": "1d"} in limits
}

test_highest_number_of_several_roles_counts if {
	limits := fixtures.decide({"user": {"roles": ["guest", "member"]}}).limits
	{limit.max | some limit in limits; limit.name == "messages_per_minute"} == {20}
	{limit.max | some limit in limits; limit.name == "messages_per_day"} == {500}
}

test_limit_that_only_one_role_has_holds if {
	limits := fixtures.decide({"user": {"roles": ["guest", "owner"]}}).limits
	{limit.max | some limit in limits; limit.name == "messages_per_minute"} == {60}
	{limit.max | some limit in limits; limit.name == "messages_per_day"} == {50}
}

test_role_that_is_not_named_has_the_others_limits if {
	limits := fixtures.decide({"user": {"roles": ["auditor"]}}).limits
	{limit.max | some limit in limits; limit.per == "user"} == {1}
}

test_stranger_has_no_limits_but_the_nets if {
	every limit in fixtures.decide(stranger).limits {
		limit.per != "user"
	}
}

test_stranger_is_not_denied_for_a_missing_limit if {
	not fixtures.fired(fixtures.decide(stranger).deny, "no limit")
}

test_role_that_is_named_has_not_the_others_limits if {
	limits := fixtures.decide_with({"limits": {"others": {"messages_per_minute": 1000}}}, {}).limits
	{limit.max | some limit in limits; limit.per == "user"; limit.window == "1m"} == {20}
}

test_limits_are_asked_before_anything_is_counted if {
	doc := json.remove(fixtures.message_input, ["limits"])
	{"name": "messages_per_minute", "per": "user", "max": 20, "window": "1m"} in fixtures.decide_exactly(fixtures.settings, doc).limits
}

test_stranger_of_a_public_bot_has_a_guests_limits if {
	limits := fixtures.decide(public({})).limits
	{limit.max | some limit in limits; limit.per == "user"; limit.window == "1m"} == {5}
}

test_strangers_leave_room_for_the_others if {
	{"name": "strangers_messages_per_minute", "per": "connector", "max": 150, "window": "1m"} in fixtures.decide(public({})).limits
	every limit in fixtures.decide({}).limits {
		not startswith(limit.name, "strangers")
	}
}

test_nets_hold_everybody_together if {
	limits := fixtures.decide({}).limits
	{"name": "connector_messages_per_minute", "per": "connector", "max": 300, "window": "1m"} in limits
	{"name": "all_messages_per_minute", "per": "all", "max": 600, "window": "1m"} in limits
	every limit in limits {
		limit.per in {"user", "connector", "all"}
	}
}

test_group_is_counted_as_a_whole if {
	limit := {"name": "group_messages_per_minute", "per": "chat", "max": 20, "window": "1m"}
	limit in fixtures.decide(in_group).limits
	every other in fixtures.decide({}).limits {
		other.per != "chat"
	}
}

test_person_over_the_limit_is_told_when_to_come_back if {
	answer := fixtures.decide(full("user"))
	fixtures.said(answer.deny, "over the limit: messages_per_minute per user") == "reply:limit"
}

test_busy_group_is_told_so if {
	answer := fixtures.decide(object.union(in_group, full("chat")))
	fixtures.said(answer.deny, "over the limit: messages_per_minute per chat") == "reply:busy"
}

test_person_over_the_limit_who_speaks_to_others_meets_silence if {
	fixtures.silent(fixtures.decide(object.union(unaddressed, full("user"))).deny, "over the limit")
}

test_person_within_the_limits if {
	answer := fixtures.decide({})
	not fixtures.fired(answer.deny, "over the limit")
	not fixtures.fired(answer.deny, "no limit")
}

test_message_that_was_not_counted_is_refused if {
	every path in ["limits", "limits/exceeded"] {
		answer := fixtures.decide_without(path)
		fixtures.said(answer.deny, "it was not counted") == "reply:busy"
	}
}

test_full_limit_without_a_name_is_a_full_limit if {
	fixtures.fired(fixtures.decide({"limits": {"exceeded": [{}]}}).deny, "over the limit")
}

test_nobody_is_served_without_a_limit if {
	settings := json.remove(fixtures.settings, ["limits/roles/member", "limits/others"])
	fixtures.fired(fixtures.decide_exactly(settings, fixtures.message_input).deny, "no limit")
	none := object.union(json.remove(fixtures.settings, ["limits"]), {"limits": {}})
	fixtures.fired(fixtures.decide_exactly(none, fixtures.message_input).deny, "no limit")
}

test_misspelt_limit_is_none if {
	misspelt := {"roles": {"member": {"messages_per_minut": 20}}}
	settings := object.union(json.remove(fixtures.settings, ["limits"]), {"limits": misspelt})
	fixtures.fired(fixtures.decide_exactly(settings, fixtures.message_input).deny, "no limit")
}

stop := {"message": {"kind": "command", "command": "stop"}}

# Many together can use up what the bot takes, but not keep away who puts an end to it.
test_block_and_the_terminal_are_never_crowded_out if {
	block := fixtures.about("block", {"id": "telegram:7"})
	every changes in [object.union(owner, block), {"connector": {"name": "terminal", "kind": "terminal"}}] {
		limits := fixtures.decide(changes).limits
		{limit.per | some limit in limits} == {"user"}
	}
	every changes in [block, object.union(owner, fixtures.about("role", {"id": "telegram:7"}))] {
		{limit.per | some limit in fixtures.decide(changes).limits} == {"user", "connector", "all"}
	}
}

# Whoever used up their messages, or sees the bot's used up, can still stop what runs.
test_stop_is_counted_by_itself if {
	limits := fixtures.decide(stop).limits
	limits == {{"name": "stop_messages_per_minute", "per": "user", "max": 20, "window": "1m"}}
	not fixtures.fired(fixtures.decide(stop).deny, "no limit")
}

test_stop_without_a_limit_is_refused if {
	settings := json.remove(fixtures.settings, ["limits/stop"])
	fixtures.fired(fixtures.decide_exactly(settings, object.union(fixtures.message_input, stop)).deny, "no limit")
}
