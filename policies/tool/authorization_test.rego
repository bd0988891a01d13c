package parachute.tool_test

import data.parachute.fixtures_test as fixtures

kind(name) := {"tool": {"kind": name}}

test_member_writes_a_note if {
	answer := fixtures.use({})
	answer.allow
	every msg in ["blocked", "belongs to somebody else", "no tools", "data.workspaces", "read-only", "trust"] {
		not fixtures.fired(answer.deny, msg)
	}
}

test_stranger_uses_nothing if {
	answer := fixtures.use({"user": {"roles": []}})
	answer.allow == false
	fixtures.said(answer.deny, "no tools") == "reply:tool"
}

test_guest_runs_nothing if {
	every name in ["execute", "fetch", "delete", "other"] {
		answer := fixtures.use(object.union(kind(name), {"user": {"roles": ["guest"]}}))
		not answer.allow
		fixtures.said(answer.deny, "no tools") == "reply:tool"
	}
}

test_tool_of_unknown_kind_is_nobodys if {
	answer := fixtures.use(object.union(kind("format_disk"), {"user": {"roles": ["owner"]}}))
	not answer.allow
	fixtures.fired(answer.deny, "no tools")
	unknown := fixtures.use_without("tool/kind")
	not unknown.allow
	fixtures.fired(unknown.deny, "no tools")
}

test_blocked_person_ends_a_running_turn if {
	answer := fixtures.use({"user": {"roles": ["owner", "blocked"]}})
	not answer.allow
	fixtures.fired(answer.deny, "the person is blocked")
}

test_tool_in_somebody_elses_session if {
	answer := fixtures.use({"session": {"user": "telegram:1"}})
	fixtures.said(answer.deny, "belongs to somebody else") == "reply:tool"
	fixtures.fired(fixtures.use_without("session/user").deny, "belongs to somebody else")
}

test_tool_in_a_workspace_that_was_taken_away if {
	answer := fixtures.use({"session": {"workspace": "finance"}})
	fixtures.said(answer.deny, "data.workspaces") == "reply:tool"
	fixtures.fired(fixtures.use_without("session/workspace").deny, "data.workspaces")
}

test_read_only_session_changes_nothing if {
	every name in ["write", "append", "move", "delete", "execute", "other"] {
		answer := fixtures.use(object.union(kind(name), {"session": {"access": "read_only"}}))
		fixtures.said(answer.deny, "read-only") == "reply:tool_read_only"
	}
	every name in ["list", "read", "search", "fetch"] {
		answer := fixtures.use(object.union(kind(name), {"session": {"access": "read_only"}}))
		not fixtures.fired(answer.deny, "read-only")
	}
}

test_session_that_tells_no_access_changes_nothing if {
	fixtures.fired(fixtures.use_without("session/access").deny, "read-only")
}

test_right_to_write_that_was_taken_away_ends_at_once if {
	answer := fixtures.use({"session": {"workspace": "finance"}, "user": {"roles": ["admin"]}})
	fixtures.fired(answer.deny, "read-only")
	not fixtures.fired(answer.deny, "data.workspaces")
}

test_direct_session_of_a_sandboxed_person if {
	answer := fixtures.use({"session": {"trust": "direct"}})
	fixtures.said(answer.deny, "the session's trust") == "reply:tool"
	fixtures.fired(fixtures.use_without("session/trust").deny, "the session's trust")
	fixtures.fired(fixtures.use({"session": {"trust": "full"}}).deny, "the session's trust")
}

test_direct_session_of_the_owner if {
	direct := {"config": {"trust": "direct"}, "session": {"trust": "direct"}, "user": {"roles": ["owner"]}}
	not fixtures.fired(fixtures.use(direct).deny, "the session's trust")
	not fixtures.fired(fixtures.use(direct).warn, "on the host")
	fixtures.fired(fixtures.use(object.union(direct, kind("execute"))).warn, "on the host")
}

test_session_of_unknown_trust_is_nobodys if {
	owner := {"config": {"trust": "direct"}, "user": {"roles": ["owner"]}, "session": {"trust": "full"}}
	fixtures.fired(fixtures.use(owner).deny, "the session's trust")
}

test_program_in_the_sandbox_is_no_warning if {
	not fixtures.fired(fixtures.use(kind("execute")).warn, "on the host")
}

test_tool_in_a_shared_session_is_decided_for_who_speaks if {
	shared := {"session": {"user": "telegram:1", "shared": true}}
	not fixtures.fired(fixtures.use(shared).deny, "belongs to somebody else")
	fixtures.fired(fixtures.use({"session": {"user": "telegram:1", "shared": false}}).deny, "belongs to somebody else")
	owners := {"session": {"workspace": "finance"}}
	fixtures.fired(fixtures.use(object.union(shared, owners)).deny, "data.workspaces")
	fixtures.fired(fixtures.use(object.union_n([shared, kind("execute"), {"user": {"roles": ["guest"]}}])).deny, "no tools")
	fixtures.fired(fixtures.use(object.union(shared, {"session": {"trust": "direct"}})).deny, "the session's trust")
}
