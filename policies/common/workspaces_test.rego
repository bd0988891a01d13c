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

test_person_is_named_by_every_identity if {
	linked := sender({"id": "matrix:@a:b", "identities": ["matrix:@a:b", "telegram:555"]})
	fixtures.access("finance", linked) == "read_write"
	not fixtures.access("finance", sender({"id": "matrix:@a:b", "identities": ["matrix:@a:b", "discord:555"]}))
}

test_identities_without_a_role_get_nothing if {
	not fixtures.access("finance", sender({"roles": [], "identities": ["telegram:555"]}))
	not fixtures.access("finance", sender({"roles": ["member", "blocked"], "identities": ["telegram:555"]}))
}

grant(workspace, role) := sender({"roles": [role], "workspaces": [{"name": workspace, "role": "member"}]})

test_grant_opens_a_workspace_to_read if {
	fixtures.access("finance", grant("finance", "member")) == "read_only"
	fixtures.access("lobby", grant("lobby", "member")) == "read_only"
	not fixtures.access("finance", grant("lobby", "member"))
}

test_grant_opens_a_workspace_to_write_where_data_says_so if {
	fixtures.access("shed", grant("shed", "member")) == "read_write"
	every granted in ["read_only", "write", null, true] {
		fixtures.access_with({"shed": {"granted": granted}}, "shed", grant("shed", "member")) == "read_only"
	}
}

test_grant_opens_nothing_without_its_role if {
	not fixtures.access("finance", grant("finance", "guest"))
	not fixtures.access("finance", grant("finance", "blocked"))
	not fixtures.access("nowhere", grant("nowhere", "member"))
}

in_the_club := {"chat": {"id": "telegram:-200", "kind": "group"}}

test_whoever_is_known_enters_by_the_chat if {
	fixtures.access("club", in_the_club) == "read_write"
	not fixtures.access("club", {})
	not fixtures.access("club", object.union(in_the_club, sender({"roles": []})))
	not fixtures.access("club", object.union(in_the_club, sender({"roles": ["member", "blocked"]})))
	not fixtures.access("club", {"chat": {"id": "discord:-200", "kind": "group"}})
}

test_stranger_only_reads_by_the_chat if {
	fixtures.access_with({"club": {"read_write": {"chats": ["telegram:100"]}}}, "club", strange({})) == "read_only"
}
