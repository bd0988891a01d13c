package parachute.common_test

import data.parachute.fixtures_test as fixtures

sender(user) := {"user": user}

test_role_writes if {
	fixtures.access("finance", sender({"roles": ["owner"]})) == "read_write"
}

test_role_reads if {
	fixtures.access("finance", sender({"roles": ["admin"]})) == "read_only"
}

test_more_generous_role_counts if {
	fixtures.access("finance", sender({"roles": ["admin", "owner"]})) == "read_write"
}

test_person_is_named_by_id if {
	fixtures.access("finance", sender({"id": "telegram:555"})) == "read_write"
}

test_same_number_on_another_connector_is_somebody_else if {
	not fixtures.access("finance", sender({"id": "discord:555"}))
}

test_display_name_opens_no_workspace if {
	not fixtures.access("finance", sender({"name": "telegram:555"}))
}

test_person_named_by_id_but_without_a_role_gets_nothing if {
	not fixtures.access("finance", sender({"id": "telegram:555", "roles": []}))
}

test_blocked_person_gets_nothing if {
	not fixtures.access("finance", sender({"id": "telegram:555", "roles": ["member", "blocked"]}))
	not fixtures.access("finance", sender({"roles": ["owner", "blocked"]}))
}

test_workspace_that_is_not_defined_is_nobodys if {
	not fixtures.access("treasure", sender({"roles": ["owner"]}))
}

test_stranger_writes_in_the_own_folder if {
	fixtures.access("personal", strange({})) == "read_write"
}

test_stranger_reads_the_own_folder_when_data_says_so if {
	changed := {"personal": {"read_write": {"roles": ["member"]}, "read_only": {"roles": ["guest"]}}}
	fixtures.access_with(changed, "personal", strange({})) == "read_only"
}

test_stranger_never_writes_in_a_shared_one if {
	fixtures.access("lobby", strange({})) == "read_only"
}

test_guest_by_name_writes_where_guests_may if {
	fixtures.access("lobby", sender({"roles": ["guest"]})) == "read_write"
}
