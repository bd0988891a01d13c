package parachute.message_test

import data.parachute.fixtures_test as fixtures

# The sender's own session in a workspace that they may share.
ours := object.union(open({"workspace": "club", "access": "read_write", "agent": "vault", "shared": false}), in_group)

shares(name, changes) := fixtures.decide(object.union_n([ours, about(name, {}), changes]))

test_session_is_shared_by_its_person if {
	every name in ["share", "unshare"] {
		answer := shares(name, {})
		answer.allow
		fixtures.clear(answer.deny)
	}
}

test_nobody_shares_what_is_somebody_elses if {
	every name in ["share", "unshare"] {
		fixtures.said(shares(name, {"session": {"user": "telegram:1", "shared": true}}).deny, "of their own") == "reply:share_session"
		fixtures.fired(fixtures.decide(about(name, {})).deny, "of their own")
	}
}

test_personal_workspace_is_not_shared if {
	fixtures.said(shares("share", {"session": {"workspace": "personal"}}).deny, "personal") == "reply:share_personal"
}

test_direct_session_is_not_shared if {
	fixtures.said(shares("share", {"session": {"trust": "direct"}}).deny, "in the sandbox") == "reply:share_direct"
	doc := json.remove(object.union_n([fixtures.message_input, ours, about("share", {})]), ["session/trust"])
	fixtures.fired(fixtures.decide_exactly(fixtures.settings, doc).deny, "in the sandbox")
}

# Whether somebody is known is not told: nothing is shared with who is not, by the same words.
test_sharing_tells_nobody_who_is_known if {
	known := fixtures.decide(object.union(ours, about("share", {})))
	known.deny == fixtures.decide(object.union(ours, about("share", {"known": false}))).deny
	known.deny == fixtures.decide(object.union(ours, about("share", {"roles": ["member", "blocked"]}))).deny
}

# Whether something is offered there, or nothing, the gate tells.
test_who_is_known_joins_what_is_offered if {
	fixtures.clear(fixtures.decide(object.union(in_group, about("join", {"kind": "session", "id": "telegram:1"}))).deny)
	fixtures.clear(fixtures.decide(object.union(in_group, about("join", {"kind": "session", "known": false}))).deny)
}

# Somebody else's session in the group, which is shared with the sender.
shared(changes) := object.union_n([in_group, {"workspace": {"requested": "club"}}, open(object.union(lent, changes))])

lent := {"user": "telegram:1", "workspace": "club", "access": "read_write", "agent": "vault", "shared": true}

test_shared_session_goes_on if {
	answer := fixtures.decide(shared({}))
	answer.allow
	fixtures.clear(answer.deny)
	answer.workspace == "club"
	fixtures.clear(fixtures.decide(object.union(shared({}), command("help"))).deny)
}

test_session_that_is_not_shared_is_somebody_elses if {
	fixtures.said(fixtures.decide(shared({"shared": false})).deny, "belongs to somebody else") == "reply:session_owner"
	doc := json.remove(object.union(fixtures.message_input, shared({})), ["session/shared"])
	fixtures.fired(fixtures.decide_exactly(fixtures.settings, doc).deny, "belongs to somebody else")
}

test_sharing_does_not_lend_trust if {
	fixtures.fired(fixtures.decide(shared({"trust": "direct"})).deny, "another trust")
}

test_sharing_does_not_lend_a_workspace if {
	fixtures.fired(fixtures.decide(shared({"workspace": "finance"})).deny, "no longer use")
}

test_sharing_does_not_lend_the_right_to_write if {
	reader := object.union(shared({"workspace": "finance"}), {"user": {"roles": ["admin"]}})
	fixtures.said(fixtures.decide(reader).deny, "may do more") == "reply:session_access"
	same := object.union(shared({"workspace": "finance", "access": "read_only"}), {"user": {"roles": ["admin"]}})
	not fixtures.fired(fixtures.decide(same).deny, "may do more")
	doc := json.remove(object.union(fixtures.message_input, reader), ["session/access"])
	fixtures.fired(fixtures.decide_exactly(fixtures.settings, doc).deny, "may do more")
}

test_sharing_does_not_lend_an_agent if {
	fixtures.said(fixtures.decide(shared({"agent": "coder"})).deny, "agent is not the one") == "reply:session_access"
	doc := json.remove(object.union(fixtures.message_input, shared({})), ["session/agent"])
	fixtures.fired(fixtures.decide_exactly(fixtures.settings, doc).deny, "agent is not the one")
}

test_own_session_has_no_such_bounds if {
	answer := fixtures.decide(open({"workspace": "personal", "access": "read_only", "agent": "coder"}))
	not fixtures.fired(answer.deny, "may do more")
	not fixtures.fired(answer.deny, "agent is not the one")
}
