package parachute.message_test

import data.parachute.fixtures_test as fixtures

gives(pairing) := fixtures.code("pair", pairing)

strangers(changes) := object.union(stranger, changes)

test_stranger_gets_a_code if {
	every changes in [{}, command("help"), command("pair"), command("approve")] {
		answer := fixtures.decide(strangers(changes))
		not answer.allow
		answer.pair == {"role": "member"}
		fixtures.said(answer.deny, "no role") == "reply:pairing_new"
	}
}

# A display name, a homoglyph of the owner's or an id of another platform makes nobody known.
test_display_name_is_no_identity_cve_2026_28471 if {
	every name in ["owner", "Olga", "Оlga", "telegram:1"] {
		answer := fixtures.decide({"user": {"roles": [], "name": name}})
		not answer.allow
		answer.pair == {"role": "member"}
	}
}

test_nobody_else_gets_a_code if {
	every changes in [
		{"user": {"roles": ["member"]}},
		{"user": {"roles": ["blocked"]}},
		{"user": {"roles": ["ghost"]}},
		{"user": {"local": true, "roles": []}},
		strangers(in_group),
		strangers({"chat": {"kind": "channel"}}),
		strangers({"message": {"kind": "edit"}}),
		strangers({"message": {"kind": "reaction"}}),
		strangers({"message": {"kind": "callback", "command": "help"}}),
		strangers({"message": {"forwarded": true}}),
		strangers({"config": {"audience": "public"}}),
		strangers({"config": {"audience": "development"}}),
		strangers(gives({"state": "unknown"})),
		strangers(full("connector")),
		{"user": {"roles": [], "bot": true}},
		{"user": {"roles": [], "pairing": "pending"}},
		{"user": {"roles": [], "pairing": "reminded"}},
		{"user": {"roles": [], "pairing": "denied"}},
		{"user": {"roles": [], "token": {"state": "unknown"}}},
	] {
		not fixtures.decide(changes).pair
	}
}

test_stranger_gets_no_code_where_a_fact_is_missing_cve_2026_32924 if {
	every path in ["chat/kind", "user/bot", "user/roles", "message/kind", "message/forwarded", "config/audience", "limits/exceeded"] {
		doc := json.remove(object.union(fixtures.message_input, stranger), [path])
		not fixtures.decide_exactly(fixtures.settings, doc).pair
	}
}

test_no_code_where_pairing_is_misspelt if {
	not fixtures.decide_exactly(without_pairing, object.union(fixtures.message_input, stranger)).pair
	every pairing in [{"audiences": []}, {"audiences": "privat"}, {"audiences": null}, {"role": "memebr"}, {"role": null}] {
		not fixtures.decide_with({"pairing": pairing}, stranger).pair
	}
}

without_pairing := object.union(json.remove(fixtures.settings, ["pairing"]), {"pairing": {}})

test_public_bot_that_serves_no_strangers_can_have_pairing if {
	settings := object.union(json.remove(fixtures.settings, ["audience/public/strangers"]), {"pairing": {"audiences": ["public"]}})
	fixtures.decide_exactly(settings, object.union(fixtures.message_input, public({}))).pair == {"role": "member"}
}

test_stranger_gives_a_code if {
	every audience in ["private", "team", "development"] {
		every pairing in [{"kind": "link"}, {"kind": "claim"}, {"state": "unknown"}] {
			answer := fixtures.decide(object.union_n([stranger, gives(pairing), {"config": {"audience": audience}}]))
			answer.allow
			fixtures.clear(answer.deny)
			answer.trust == "sandboxed"
			answer.workspace == "personal"
			not answer.vault
			not answer.pair
		}
	}
}

test_stranger_of_a_public_bot_gives_a_code if {
	answer := fixtures.decide(public(gives({"kind": "claim"})))
	answer.allow
	fixtures.clear(answer.deny)
}

# What lets a code in lets nothing else in.
test_code_opens_nothing_else if {
	every changes in [
		strangers(command("pair")),
		strangers(fixtures.about("pair", {"kind": "person"})),
		strangers(fixtures.code("approve", {})),
		strangers(fixtures.code("users", {})),
		strangers(object.union(gives({"kind": "link"}), in_group)),
		strangers(object.union(gives({"kind": "link"}), {"chat": {"kind": "channel"}})),
		strangers(object.union(gives({"kind": "link"}), {"message": {"kind": "message"}})),
		strangers(object.union(gives({"kind": "link"}), {"message": {"kind": "callback"}})),
		strangers(object.union(gives({"kind": "link"}), {"message": {"kind": "edit"}})),
		strangers(object.union(gives({"kind": "link"}), {"message": {"forwarded": true}})),
		object.union(gives({"kind": "link"}), {"user": {"roles": [], "bot": true}}),
		object.union(gives({"kind": "link"}), {"user": {"roles": [], "pairing": "denied"}}),
		object.union(gives({"kind": "link"}), {"user": {"roles": ["blocked"]}}),
	] {
		answer := fixtures.decide(changes)
		not answer.allow
		not fixtures.clear(answer.deny)
	}
}

test_denied_person_who_gives_a_code_meets_silence if {
	answer := fixtures.decide(object.union(gives({"kind": "link"}), {"user": {"roles": [], "pairing": "denied"}}))
	fixtures.silent(answer.deny, "no role")
}

test_guess_is_admitted_and_counted if {
	every state in ["unknown", "expired", "used", "denied"] {
		every changes in [stranger, {}] {
			answer := fixtures.decide(object.union(changes, gives({"state": state})))
			answer.allow
			fixtures.clear(answer.deny)
			fixtures.fired(answer.warn, "does not work")
			{"name": "guesses_per_hour", "per": "user", "max": 5, "window": "1h"} in answer.limits
		}
	}
}

test_code_that_works_is_no_warning if {
	not fixtures.fired(fixtures.decide(strangers(gives({"kind": "claim"}))).warn, "does not work")
}

test_code_that_tells_no_state_does_not_work if {
	doc := json.remove(object.union_n([fixtures.message_input, stranger, gives({})]), ["message/target/pairing"])
	fixtures.fired(fixtures.decide_exactly(fixtures.settings, doc).warn, "does not work")
}

test_strangers_guess_no_more_together if {
	together := {"name": "strangers_guesses_per_hour", "per": "connector", "max": 200, "window": "1h"}
	together in fixtures.decide(strangers(gives({}))).limits
	together in fixtures.decide(public(gives({}))).limits

	# People who are known are not kept out by them.
	not together in fixtures.decide(gives({})).limits
	not together in fixtures.decide({"user": {"roles": [], "identities": ["telegram:100"]}, "message": gives({}).message}).limits
}

test_strangers_guess_is_no_message if {
	{"name": "messages_per_minute", "per": "user", "max": 20, "window": "1m"} in fixtures.decide(gives({})).limits
	every limit in fixtures.decide(public(gives({}))).limits {
		limit.name in {
			"guesses_per_hour", "strangers_guesses_per_hour",
			"connector_messages_per_minute", "all_messages_per_minute",
		}
	}
}

test_asking_for_a_code_is_no_guess if {
	every limit in fixtures.decide(command("pair")).limits {
		not endswith(limit.name, "guesses_per_hour")
	}
}

test_guess_over_the_limit_is_refused if {
	answer := fixtures.decide(object.union_n([stranger, gives({"kind": "claim"}), full("user")]))
	fixtures.said(answer.deny, "over the limit") == "reply:limit"
}

test_guess_without_a_limit_is_refused if {
	every pairing in [{"guesses_per_hour": "5"}, {"guesses_per_hour": null}, {"strangers_guesses_per_hour": "many"}] {
		fixtures.fired(fixtures.decide_with({"pairing": pairing}, strangers(gives({}))).deny, "no limit of guesses")
	}
	guess := object.union_n([fixtures.message_input, stranger, gives({})])
	fixtures.fired(fixtures.decide_exactly(without_pairing, guess).deny, "no limit of guesses")
}

test_person_links if {
	every changes in [command("pair"), gives({"kind": "link", "own": true}), gives({"kind": "link", "state": "entered", "own": true})] {
		every way in ["lasting", "lasting_dm"] {
			answer := fixtures.decide(object.union(changes, {"user": {way: ["member"]}}))
			answer.allow
			fixtures.clear(answer.deny)
		}
		passing := fixtures.decide(changes)
		fixtures.said(passing.deny, "a link would give it away") == "reply:people_lasting"
	}
}

# Whose role has ended confirms nothing that they could not confirm while it held.
test_whose_role_has_ended_links_nobody if {
	was := {"user": {"roles": [], "identities": ["telegram:100"]}}
	every state in ["pending", "entered"] {
		answer := fixtures.decide(object.union(was, gives({"kind": "link", "state": state, "own": true})))
		fixtures.fired(answer.deny, "a link would give it away")
	}
	new := {"user": {"roles": []}}
	not fixtures.fired(fixtures.decide(object.union(new, gives({"kind": "link"}))).deny, "a link would give it away")
}

test_code_of_a_request_is_not_entered if {
	every changes in [{}, stranger, {"user": {"roles": ["owner"]}}] {
		answer := fixtures.decide(object.union(changes, gives({"kind": "join"})))
		fixtures.said(answer.deny, "neither a link's") == "reply:pairing_join"
	}
}

test_person_who_is_known_is_nobodys_other_identity if {
	every user in [{"roles": ["member"]}, {"roles": [], "identities": ["telegram:100"]}] {
		answer := fixtures.decide({"user": user, "message": gives({"kind": "link"}).message})
		fixtures.said(answer.deny, "the sender is known") == "reply:pairing_known"
	}
}

# The code of a link was given on the other side: neither that side nor anybody else confirms it.
test_link_is_confirmed_by_the_person_alone_ghsa_f693_58pc_2gfr if {
	every changes in [
		object.union(stranger, gives({"kind": "link", "state": "entered", "own": true})),
		object.union(stranger, gives({"kind": "link", "state": "entered"})),
		gives({"kind": "link", "state": "entered"}),
	] {
		fixtures.said(fixtures.decide(changes).deny, "waits for the person") == "reply:pairing_used"
	}
}

test_public_bots_stranger_has_nothing_to_link if {
	fixtures.said(fixtures.decide(public(command("pair"))).deny, "nothing to link") == "reply:command"
}

test_codes_stay_in_direct_messages_cve_2026_31991 if {
	fixtures.silent(fixtures.decide(strangers(object.union(gives({"kind": "claim"}), in_group))).deny, "no role")
	every changes in [command("pair"), gives({"kind": "claim"})] {
		fixtures.said(fixtures.decide(object.union(changes, in_group)).deny, "direct messages alone") == "reply:pairing_dm"
	}
	every name in ["approve", "deny"] {
		owner := object.union_n([fixtures.code(name, {}), in_group, {"user": {"roles": ["owner"]}}])
		fixtures.said(fixtures.decide(owner).deny, "direct messages alone") == "reply:pairing_dm"
		member := fixtures.decide(object.union(fixtures.code(name, {}), in_group))
		not fixtures.fired(member.deny, "direct messages alone")
		fixtures.said(member.deny, "data.commands") == "reply:command"
	}
}
