package parachute.common_test

import data.parachute.common
import data.parachute.fixtures_test as fixtures

strange(changes) := object.union({"config": {"audience": "public"}, "user": {"roles": []}}, changes)

test_only_defined_roles_count if {
	fixtures.who({"user": {"roles": ["member", "ghost"]}}).roles == {"member"}
}

test_display_name_grants_nothing if {
	fixtures.who({"user": {"name": "owner", "roles": []}}).roles == set()
}

test_local_person_has_the_local_role if {
	fixtures.who({"user": {"local": true, "roles": []}}).roles == {"owner"}
}

test_local_role_that_is_not_defined_grants_nothing if {
	fixtures.who_with({"local_role": "boss"}, {"user": {"local": true, "roles": []}}).roles == set()
}

test_stranger_of_public_bot_has_the_strangers_role if {
	fixtures.who(strange({})).roles == {"guest"}
}

test_stranger_is_nobody_to_other_audiences if {
	every audience in ["private", "team", "development"] {
		fixtures.who(strange({"config": {"audience": audience}})).roles == set()
	}
}

test_stranger_is_nobody_in_a_group if {
	fixtures.who(strange({"chat": {"kind": "group"}})).roles == set()
}

test_stranger_is_nobody_where_a_fact_is_missing if {
	every path in ["chat/kind", "config/audience", "user/roles"] {
		doc := json.remove(object.union(fixtures.message_input, strange({})), [path])
		fixtures.who_exactly(fixtures.settings, doc).roles == set()
	}
}

test_strangers_never_run_the_bot if {
	every role in ["owner", "admin"] {
		fixtures.who_with({"audience": {"public": {"strangers": role}}}, strange({})).roles == set()
	}
}

test_strangers_role_must_be_defined if {
	not fixtures.who_with({"audience": {"public": {"strangers": "ghost"}}}, strange({})).known
}

test_local_person_is_no_stranger if {
	not fixtures.who(strange({"user": {"local": true}})).stranger
}

test_blocked_goes_before_owner if {
	fixtures.who({"user": {"roles": ["owner", "blocked"]}}).blocked
	not fixtures.who({"user": {"roles": ["owner", "blocked"]}}).known
}

test_holds_a_named_role if {
	common.holds(["owner", "member"]) with common.roles as {"member"}
	not common.holds(["owner"]) with common.roles as {"member"}
}

test_anyone_is_everybody_with_a_role if {
	common.holds(["anyone"]) with common.roles as {"member"}
}

test_anyone_is_not_a_stranger if {
	not common.holds(["anyone"]) with common.roles as set()
}

test_reply_is_from_data if {
	common.reply("limit") == "Later." with data.replies as {"limit": "Later."}
}

test_reply_that_is_missing_has_words if {
	common.reply("limit") == "Sorry, I cannot do that." with data.replies as {}
}
