package parachute.message_test

import data.parachute.fixtures_test as fixtures

about(name, target) := fixtures.about(name, object.union({"id": "telegram:7"}, target))

by(person, name, target) := fixtures.decide(object.union(person, about(name, target)))

local := {"user": {"id": "console:local", "local": true, "roles": []}}

changing := ["approve", "add", "role", "block", "unblock", "remove"]

test_owner_gives_every_role if {
	every role in ["owner", "admin", "member", "guest", "auditor"] {
		not fixtures.fired(by(owner, "role", {"grants": [role]}).deny, "may not give")
	}
}

test_admin_gives_what_admins_give if {
	not fixtures.fired(by(admin, "add", {"grants": ["member", "guest"]}).deny, "may not give")
	every name in ["approve", "add", "role"] {
		every role in ["owner", "admin", "auditor"] {
			fixtures.said(by(admin, name, {"grants": ["member", role]}).deny, "may not give this role") == "reply:people_role"
		}
	}
}

test_role_that_is_not_defined_is_nobodys_to_give if {
	every person in [owner, local] {
		every role in ["ghost", "blocked", "all", "anyone", "none"] {
			fixtures.fired(by(person, "role", {"grants": [role]}).deny, "may not give this role")
		}
	}
}

# An owner for a day, or in one chat, gives and takes nothing that would outlast that.
test_who_has_a_role_for_some_time_gives_none if {
	passing := {"user": {"id": "telegram:1", "roles": ["owner"]}}
	every name in changing {
		every target in [{"grants": ["member"]}, {"roles": ["member"]}, {"grants": ["member"], "scope": "dm"}] {
			answer := by(passing, name, target)
			fixtures.said(answer.deny, "ends, or does not hold everywhere") == "reply:people_lasting"
			not fixtures.fired(answer.deny, "may not give")
		}
	}
	every name in ["approve", "add", "role"] {
		not fixtures.fired(by(passing, name, {}).deny, "ends, or does not")
	}
}

# Nor do they turn anybody away, whoever that is.
test_who_has_a_role_for_some_time_turns_nobody_away if {
	passing := {"user": {"id": "telegram:1", "roles": ["owner"]}}
	every name in ["block", "unblock", "remove", "deny"] {
		every target in [{}, {"roles": ["blocked"]}] {
			fixtures.said(by(passing, name, target).deny, "turning somebody away lasts") == "reply:people_lasting"
			not fixtures.fired(by(owner, name, target).deny, "turning somebody away lasts")
			not fixtures.fired(by(local, name, target).deny, "turning somebody away lasts")
		}
	}
}

test_role_of_direct_messages_denies_what_was_asked_there if {
	fixtures.fired(by(in_dm_alone, "block", {}).deny, "turning somebody away lasts")
	not fixtures.fired(by(in_dm_alone, "deny", {}).deny, "turning somebody away lasts")
}

test_others_matters_stay_in_direct_messages if {
	group := {"chat": {"id": "telegram:-200", "kind": "group"}, "message": {"mentions_bot": true}}
	every changes in [
		command("users"),
		fixtures.about("users", {"kind": "everybody"}),
		fixtures.about("sessions", {"kind": "everybody"}),
		about("limits", {}),
	] {
		list := object.union(owner, changes)
		not fixtures.fired(fixtures.decide(list).deny, "others' matters")
		fixtures.said(fixtures.decide(object.union(list, group)).deny, "others' matters") == "reply:people_dm"
	}
	every changes in [command("sessions"), command("limits"), about("stop", {"kind": "session"})] {
		not fixtures.fired(fixtures.decide(object.union_n([owner, changes, group])).deny, "others' matters")
	}
}

# A way in that ends, or that one chat has, is not given on.
test_passing_workspace_is_given_to_nobody if {
	granted := {"user": {
		"id": "telegram:2", "roles": ["admin"], "lasting": ["admin"],
		"workspaces": [{"name": "lobby", "role": "admin"}],
	}}
	fixtures.fired(by(granted, "add", {"workspace": "lobby"}).deny, "open this workspace")
	there := object.union(admin, {"chat": {"id": "telegram:-200", "kind": "group"}})
	fixtures.fired(by(there, "add", {"workspace": "club"}).deny, "open this workspace")
}

# Nor one that a role opens that ends, whatever other roles stay.
test_workspace_of_a_passing_role_is_given_to_nobody if {
	mixed := {"user": {"id": "telegram:2", "roles": ["admin", "owner"], "lasting": ["admin"]}}
	fixtures.fired(by(mixed, "add", {"workspace": "shed"}).deny, "open this workspace")
	open_shed := {"workspaces": {"shed": {"read_write": {"roles": ["anyone"]}}}}
	changes := object.union(mixed, about("add", {"workspace": "shed"}))
	not fixtures.fired(fixtures.decide_with(open_shed, changes).deny, "open this workspace")
	named := object.union(mixed, {"user": {"identities": ["matrix:@me:a", "telegram:555"]}})
	not fixtures.fired(by(named, "add", {"workspace": "finance"}).deny, "open this workspace")
}

# A role that stays, and is not one that the command is for, turns nobody away.
test_who_stays_by_another_role_turns_nobody_away if {
	mixed := {"user": {"id": "telegram:2", "roles": ["admin", "member"], "lasting": ["member"], "lasting_dm": ["member"]}}
	every name in ["block", "unblock", "remove", "deny"] {
		fixtures.said(by(mixed, name, {}).deny, "turning somebody away lasts") == "reply:people_lasting"
		for_all := {"commands": {name: {"roles": ["anyone"]}}}
		not fixtures.fired(fixtures.decide_with(for_all, object.union(mixed, about(name, {}))).deny, "turning somebody away lasts")
	}
}

# What they could not do with a role that lasts either keeps the words that it has then.
test_who_has_a_role_for_some_time_learns_first_what_it_never_gives if {
	passing := {"user": {"id": "telegram:2", "roles": ["admin"], "lasting": []}}
	every target in [{"grants": ["member", "owner"]}, {"grants": ["ghost", "guest"]}] {
		answer := by(passing, "add", target)
		fixtures.said(answer.deny, "may not give this role") == "reply:people_role"
		not fixtures.fired(answer.deny, "ends, or does not")
	}
	above := by(passing, "add", {"grants": ["member"], "roles": ["owner"]})
	fixtures.said(above.deny, "the person has a role") == "reply:people_rank"
	not fixtures.fired(above.deny, "ends, or does not")
}

in_dm_alone := {"user": {"id": "telegram:2", "roles": ["admin"], "lasting_dm": ["admin"]}}

test_role_of_direct_messages_gives_what_holds_there if {
	every name in ["approve", "add"] {
		given := by(in_dm_alone, name, {"grants": ["member"], "roles": ["guest", "blocked"], "scope": "dm"})
		not fixtures.fired(given.deny, "may not give")
		not fixtures.fired(given.deny, "ends, or does not")
		above := by(in_dm_alone, name, {"grants": ["owner"], "scope": "dm"})
		fixtures.said(above.deny, "may not give this role") == "reply:people_role"
	}
}

test_role_of_direct_messages_gives_nothing_beyond_them if {
	every name in ["approve", "add", "role"] {
		every scope in [{}, {"scope": ""}, {"scope": "group"}, {"scope": "telegram:-200"}] {
			answer := by(in_dm_alone, name, object.union(scope, {"grants": ["member"]}))
			fixtures.said(answer.deny, "ends, or does not hold everywhere") == "reply:people_lasting"
		}
	}
	every name in ["role", "block", "unblock", "remove"] {
		fixtures.fired(by(in_dm_alone, name, {"roles": ["member"], "scope": "dm"}).deny, "ends, or does not hold everywhere")
	}
}

# A list that names what does not hold here and now opens nothing.
test_lasting_role_counts_where_it_holds if {
	every user in [{"lasting": ["owner"]}, {"lasting_dm": ["owner"]}] {
		person := {"user": object.union({"id": "telegram:2", "roles": ["admin"]}, user)}
		fixtures.fired(by(person, "add", {"grants": ["owner"], "scope": "dm"}).deny, "may not give this role")
		fixtures.fired(by(person, "add", {"grants": ["member"], "scope": "dm"}).deny, "ends, or does not hold everywhere")
	}
}

test_who_gives_nothing_gives_nothing if {
	settings := {"commands": {"role": {"roles": ["anyone"]}}}
	every role in ["member", "guest"] {
		answer := fixtures.decide_with(settings, object.union({"user": {"roles": [role]}}, about("role", {"grants": ["guest"]})))
		fixtures.fired(answer.deny, "may not give this role")
	}
}

test_nobody_changes_who_stands_above_them if {
	every name in changing {
		every role in ["owner", "admin", "auditor", "ghost"] {
			fixtures.said(by(admin, name, {"roles": ["guest", role]}).deny, "the person has a role") == "reply:people_rank"
		}
		not fixtures.fired(by(admin, name, {"roles": ["guest", "blocked"]}).deny, "the person has a role")
		not fixtures.fired(by(owner, name, {"roles": ["owner", "ghost"]}).deny, "the person has a role")
		not fixtures.fired(by(local, name, {"roles": ["owner", "ghost"]}).deny, "the person has a role")
	}
}

test_nobody_changes_themselves if {
	every name in ["block", "unblock", "role", "remove"] {
		fixtures.said(by(owner, name, {"id": "telegram:1", "roles": ["owner"]}).deny, "about the sender") == "reply:people_self"
		not fixtures.fired(by(local, name, {"id": "console:local"}).deny, "about the sender")
		not fixtures.fired(by(owner, name, {}).deny, "about the sender")
	}
}

test_member_changes_nobody if {
	every name in changing {
		answer := by({"user": {"roles": ["member"]}}, name, {"grants": ["owner"], "roles": ["owner"], "id": "telegram:100"})
		fixtures.said(answer.deny, "data.commands") == "reply:command"
		every denial in fixtures.by_default(answer.deny) {
			denial.reply == "reply:command"
		}
	}
}

test_nobody_opens_more_than_they_have if {
	# The owner of finance opens it; the admin reads there, and so can others then.
	not fixtures.fired(by(owner, "add", {"workspace": "finance"}).deny, "open this workspace")
	not fixtures.fired(by(admin, "add", {"workspace": "finance"}).deny, "open this workspace")

	# In the shed a grant is to write.
	not fixtures.fired(by(owner, "add", {"workspace": "shed"}).deny, "open this workspace")
	fixtures.said(by(admin, "add", {"workspace": "shed"}).deny, "open this workspace") == "reply:people_workspace"
	not fixtures.fired(by(local, "add", {"workspace": "lobby"}).deny, "open this workspace")
	fixtures.fired(by(local, "add", {"workspace": "nowhere"}).deny, "open this workspace")
	every name in ["approve", "add", "role"] {
		every workspace in ["lobby", "nowhere", "../finance"] {
			fixtures.said(by(admin, name, {"workspace": workspace}).deny, "open this workspace") == "reply:people_workspace"
		}
	}
}

open_to_all := {"commands": {"users": {"roles": ["anyone"]}}}

others := [
	command("users"),
	about("users", {}),
	fixtures.about("users", {"kind": "everybody"}),
	fixtures.about("sessions", {"kind": "everybody"}),
	about("limits", {}),
	fixtures.about("limits", {}),
	about("stop", {"kind": "session"}),
	fixtures.about("stop", {"kind": "session", "known": false}),
]

test_others_matters_are_for_those_who_oversee_them if {
	every changes in others {
		every role in ["member", "guest"] {
			answer := fixtures.decide_with(open_to_all, object.union(changes, {"user": {"roles": [role]}}))
			fixtures.said(answer.deny, "what is others'") == "reply:command"
		}
		every person in [owner, admin, local] {
			not fixtures.fired(fixtures.decide_with(open_to_all, object.union(changes, person)).deny, "what is others'")
		}
	}
}

# A session that is not there and one that is somebody else's are told by the same words.
test_sessions_are_not_found_out if {
	missing := fixtures.decide(fixtures.about("stop", {"kind": "session", "known": false}))
	fixtures.fired(missing.deny, "what is others'")
	fixtures.by_default(missing.deny) == fixtures.by_default(fixtures.decide(about("stop", {"kind": "session"})).deny)
	theirs := fixtures.decide(fixtures.about("stop", {"kind": "session", "id": "telegram:1", "roles": ["owner"]}))
	fixtures.by_default(missing.deny) == fixtures.by_default(theirs.deny)
}

test_everybody_sees_and_stops_their_own if {
	every changes in [
		command("sessions"),
		command("limits"),
		command("stop"),
		fixtures.about("limits", {"id": "telegram:100"}),
		fixtures.about("stop", {"kind": "session", "id": "telegram:100"}),
	] {
		answer := fixtures.decide(changes)
		answer.allow
		fixtures.clear(answer.deny)
	}
}

test_nobody_oversees_where_data_names_nobody if {
	every people in [{"oversee": []}, {"oversee": null}, {"oversee": "owner"}] {
		answer := fixtures.decide_with({"people": people}, object.union(owner, fixtures.about("sessions", {"kind": "everybody"})))
		fixtures.fired(answer.deny, "what is others'")
	}
}

# To stop an answer in a shared session, `stop` is enough; the session itself is its owner's to end.
test_shared_session_is_ended_by_its_owner if {
	fixtures.fired(fixtures.decide(about("stop", {"kind": "session", "shared": true})).deny, "what is others'")
}
