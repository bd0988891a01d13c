package parachute.message_test

import data.parachute.fixtures_test as fixtures

asking(workspace, role) := {"workspace": {"requested": workspace}, "user": {"roles": [role]}}

test_personal_workspace_by_default if {
	answer := fixtures.decide({})
	answer.workspace == "personal"
	answer.vault == {"access": "read_write", "quota_mib": 1024}
	not fixtures.fired(answer.deny, "data.workspaces")
}

test_shared_workspace_to_write if {
	answer := fixtures.decide(asking("finance", "owner"))
	answer.workspace == "finance"
	answer.vault == {"access": "read_write", "quota_mib": 1024}
	not fixtures.fired(answer.deny, "data.workspaces")
}

test_shared_workspace_to_read if {
	answer := fixtures.decide(asking("finance", "admin"))
	answer.workspace == "finance"
	answer.vault == {"access": "read_only", "quota_mib": 1024}
}

test_workspace_of_others_and_one_that_is_not_there_get_the_same_words if {
	others := fixtures.decide(asking("finance", "member"))
	fixtures.said(others.deny, "data.workspaces") == "reply:workspace"
	missing := fixtures.decide(asking("nowhere", "member"))
	fixtures.by_default(others.deny) == fixtures.by_default(missing.deny)
	not others.workspace
	not missing.vault
}

test_mount_injected_through_a_workspace_name if {
	every name in ["../finance", "finance:/etc", "/", "", "FINANCE", "finance\u0000", "personal/../finance"] {
		answer := fixtures.decide(asking(name, "owner"))
		fixtures.fired(answer.deny, "data.workspaces")
		not answer.workspace
	}
}

test_default_workspace_must_be_the_senders if {
	answer := fixtures.decide_with({"default_workspace": "finance"}, {})
	fixtures.fired(answer.deny, "data.workspaces")
	fixtures.decide_with({"default_workspace": "finance"}, {"user": {"roles": ["owner"]}}).workspace == "finance"
}

test_stranger_hears_nothing_of_workspaces if {
	answer := fixtures.decide(object.union(asking("finance", "owner"), {"user": {"roles": []}}))
	not answer.allow
	not fixtures.fired(answer.deny, "data.workspaces")
}

# Who lost the workspace that was chosen gets out by a command, but does not go on talking as if nothing had happened.
test_commands_go_through_when_the_chosen_workspace_is_lost if {
	answer := fixtures.decide(object.union(asking("finance", "member"), {"message": {"kind": "command", "command": "new"}}))
	answer.workspace == "personal"
	not fixtures.fired(answer.deny, "data.workspaces")
}

test_asking_for_a_workspace_that_is_not_theirs_is_no_way_out if {
	answer := fixtures.decide(object.union(asking("finance", "member"), {"message": {"kind": "command", "command": "workspace"}}))
	fixtures.said(answer.deny, "data.workspaces") == "reply:workspace"
}

test_command_stays_in_the_chosen_workspace if {
	fixtures.decide(object.union(asking("finance", "owner"), command("help"))).workspace == "finance"
}

test_command_opens_no_default_workspace_of_others if {
	changes := object.union(asking("nowhere", "member"), command("help"))
	answer := fixtures.decide_with({"default_workspace": "finance"}, changes)
	fixtures.fired(answer.deny, "data.workspaces")
	not answer.workspace
}

test_workspace_has_a_quota_of_its_own if {
	settings := {"workspaces": {"finance": {"quota_mib": 2048}}}
	fixtures.decide_with(settings, asking("finance", "owner")).vault.quota_mib == 2048
	fixtures.decide_with(settings, {}).vault.quota_mib == 1024
}

test_quota_that_holds_nothing_is_refused if {
	every quota in [0, -1, 1.5, "1024", "1 GiB", null, false, [], 1073741825] {
		every settings in [{"default_quota_mib": quota}, {"workspaces": {"personal": {"quota_mib": quota}}}] {
			answer := fixtures.decide_with(settings, {})
			fixtures.silent(answer.deny, "no quota_mib")
			answer.vault == {"access": "read_write"}
		}
	}
}

test_quota_that_holds_is_not_refused if {
	every quota in [1, 1024, 1073741824] {
		not fixtures.fired(fixtures.decide_with({"default_quota_mib": quota}, {}).deny, "quota")
	}
}

test_quota_of_a_workspace_that_is_not_theirs_is_no_matter if {
	not fixtures.fired(fixtures.decide(asking("finance", "member")).deny, "quota")
}

mounting(mounts) := {"workspaces": {
	"personal": {"mounts": mounts},
	"finance": {"mounts": mounts},
	"handbook": {"read_only": {"roles": ["anyone"]}},
	"Bad Name": {"read_write": {"roles": ["anyone"]}},
}}

test_mounts_are_what_the_sender_may_read if {
	settings := mounting(["handbook", "finance"])
	fixtures.decide_with(settings, {}).vault.mounts == {"handbook"}
	fixtures.decide_with(settings, {"user": {"roles": ["admin"]}}).vault.mounts == {"handbook", "finance"}
	fixtures.decide_with(settings, asking("finance", "owner")).vault.mounts == {"handbook"}
}

test_stranger_sees_only_what_strangers_may_read if {
	settings := mounting(["lobby", "finance"])
	public := {"config": {"audience": "public"}, "user": {"roles": []}}
	fixtures.decide_with(settings, public).vault.mounts == {"lobby"}
}

test_nothing_else_is_mounted if {
	every mounts in [
		["personal"], ["nowhere"], ["Bad Name"], ["../handbook"], ["handbook/../finance"], ["/etc"], ["handbook:/etc"], [""],
		[1, null, {}], "handbook", {"handbook": true}, null, [],
	] {
		answer := fixtures.decide_with(mounting(mounts), {})
		answer.vault == {"access": "read_write", "quota_mib": 1024}
	}
}

test_nothing_is_mounted_on_the_host if {
	direct := {"config": {"trust": "direct"}, "user": {"roles": ["owner"]}}
	answer := fixtures.decide_with(mounting(["handbook"]), direct)
	answer.trust == "direct"
	not answer.vault.mounts
}

test_blocked_person_sees_no_mounts if {
	not fixtures.decide_with(mounting(["handbook"]), {"user": {"roles": ["owner", "blocked"]}}).vault
}
