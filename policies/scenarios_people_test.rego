package parachute.scenarios_test

import data.parachute.fixtures_test as fixtures

# People who come, stay and go, with the settings of the cookbook. The rule that each step meets is tested by itself beside
# its file.

# ---- A trial guest for a day

trial := {
	"pairing": {"role": "trial"},
	"roles": {"trial": {"chats": ["dm"], "tools": ["list", "read", "search"]}},
	"limits": {"roles": {"trial": {"messages_per_day": 20}}},
}

tim(user) := {"user": object.union({"id": "telegram:7", "identities": ["telegram:7"]}, user)}

test_trial_guest_comes_and_goes if {
	asks := fixtures.decide_with(trial, stranger)
	not asks.allow
	asks.pair == {"role": "trial"}

	approved := given([owner, fixtures.code("approve", {}), {"message": {"target": {"grants": ["trial"], "grant_seconds": 86400}}}])
	fixtures.clear(fixtures.decide_with(trial, approved).deny)

	here := tim({"roles": ["trial"], "grant_seconds": 3600})
	served := fixtures.decide_with(trial, here)
	served.allow
	fixtures.clear(served.deny)
	{"name": "messages_per_day", "per": "user", "max": 20, "window": "1d"} in served.limits
	not fixtures.decide_with(trial, given([here, in_the_group])).allow
	not fixtures.use_with(trial, given([here, {"session": {"user": "telegram:7"}, "tool": {"kind": "write"}}])).allow

	# The day is over: the same person is a stranger, in a turn that still runs as well, and may ask again.
	gone := tim({"roles": []})
	ended := fixtures.decide_with(trial, gone)
	not ended.allow
	ended.pair == {"role": "trial"}
	not fixtures.use_with(trial, given([gone, {"session": {"user": "telegram:7"}, "tool": {"kind": "read"}}])).allow
}

# ---- A team

team := {"config": {"audience": "team"}}

dora := {"user": {"id": "telegram:2", "name": "Dora", "roles": ["admin"], "lasting": ["admin"]}}

test_admin_runs_a_team_within_bounds if {
	newcomer := {"message": {"target": {"grants": ["member"]}}}
	fixtures.clear(fixtures.decide(given([team, dora, fixtures.code("approve", {}), newcomer])).deny)
	fixtures.clear(fixtures.decide(given([team, dora, fixtures.about("block", {"id": "telegram:7", "roles": ["member"]})])).deny)

	# What an admin may not: make owners, or lock out the one there is.
	promotes := fixtures.about("role", {"id": "telegram:7", "roles": ["member"], "grants": ["owner"]})
	fixtures.said(fixtures.decide(given([team, dora, promotes])).deny, "may not give this role") == "reply:people_role"
	coup := fixtures.about("block", {"id": "telegram:1", "roles": ["owner"]})
	fixtures.said(fixtures.decide(given([team, dora, coup])).deny, "the person has a role") == "reply:people_rank"
	herself := fixtures.about("role", {"id": "telegram:2", "roles": ["admin"], "grants": ["owner"]})
	not fixtures.clear(fixtures.decide(given([team, dora, herself])).deny)
}

# ---- A family with a child's account

family := {
	"roles": {
		"parent": {"chats": ["dm", "group"], "tools": ["list", "read", "search", "write"], "gives": ["child"]},
		"child": {"chats": [], "tools": ["list", "read", "search"]},
	},
	"commands": {"add": {"roles": ["owner", "parent"]}, "block": {"roles": ["owner", "parent"]}},
	"workspaces": {"family": {"read_write": {"roles": ["parent"]}, "read_only": {"roles": ["child"]}}},
	"groups": {"chats": {"telegram:-200": {"workspace": "family", "roles": ["parent", "child"]}}},
}

mum := {"user": {"id": "telegram:3", "roles": ["parent"], "lasting": ["parent"]}}

kid := {"user": {"id": "telegram:4", "roles": ["child"]}}

test_child_reads_in_the_familys_group_alone if {
	here := fixtures.decide_with(family, given([kid, in_the_group]))
	here.allow
	fixtures.clear(here.deny)
	here.workspace == "family"
	here.vault.access == "read_only"
	fixtures.decide_with(family, given([mum, in_the_group])).vault.access == "read_write"
	not fixtures.decide_with(family, kid).allow
	not fixtures.decide_with(family, given([kid, in_the_group, {"chat": {"id": "telegram:-201"}}])).allow
	leaves := {"workspace": {"requested": "personal"}, "message": {"kind": "command", "command": "workspace"}}
	fixtures.fired(fixtures.decide_with(family, given([kid, in_the_group, leaves])).deny, "bound to another")
}

test_parents_have_a_say_over_children_alone if {
	adds := fixtures.about("add", {"id": "telegram:5", "known": false, "grants": ["child"]})
	fixtures.clear(fixtures.decide_with(family, given([mum, adds])).deny)
	fixtures.clear(fixtures.decide_with(family, given([mum, fixtures.about("block", {"id": "telegram:4", "roles": ["child"]})])).deny)
	fixtures.fired(fixtures.decide_with(family, given([kid, adds])).deny, "data.commands")
	other := fixtures.about("block", {"id": "telegram:6", "roles": ["parent"]})
	fixtures.fired(fixtures.decide_with(family, given([mum, other])).deny, "the person has a role")
}

# ---- A public demo bot

test_public_demo_bot_serves_strangers_and_pairs_nobody if {
	served := fixtures.decide(given([public, stranger]))
	served.allow
	not served.pair

	# Whoever runs it comes in by the code of the terminal, as on every bot; nobody else gets any further by commands.
	fixtures.clear(fixtures.decide(given([public, stranger, fixtures.code("pair", {"kind": "claim"})])).deny)
	every command in [
		fixtures.code("approve", {}),
		fixtures.about("add", {"grants": ["owner"]}),
		fixtures.about("users", {"kind": "everybody"}),
		fixtures.about("sessions", {"kind": "everybody"}),
		fixtures.about("stop", {"kind": "session", "id": "telegram:1"}),
		{"message": {"kind": "command", "command": "pair"}},
	] {
		answer := fixtures.decide(given([public, stranger, command]))
		not fixtures.clear(answer.deny)
		every denial in fixtures.by_default(answer.deny) {
			denial.reply == "reply:command"
		}
	}
}
