# METADATA
# title: Attacks, played from one end to the other
# description: Each was possible with some bot of this kind. The rule that stops it is tested by itself beside its file.
package parachute.scenarios_test

import data.parachute.fixtures_test as fixtures

owner := {"user": {"id": "telegram:1", "name": "Olga", "roles": ["owner"], "lasting": ["owner"]}}

stranger := {"user": {"id": "telegram:666", "name": "Mallory", "roles": []}}

in_the_group := {"chat": {"id": "telegram:-200", "kind": "group"}, "message": {"mentions_bot": true}}

asking(workspace) := {"workspace": {"requested": workspace}}

public := {"config": {"audience": "public"}}

direct := {"config": {"trust": "direct"}}

given(parts) := object.union_n(parts)

test_stranger_asks_a_public_bot_for_the_vaults_files if {
	answer := fixtures.decide(given([public, stranger, asking("finance")]))
	fixtures.said(answer.deny, "data.workspaces") == "reply:workspace"

	# What the bot does serve is a folder of the stranger's own, in a sandbox without a network.
	served := fixtures.decide(given([public, stranger]))
	served.allow
	served.workspace == "personal"
	served.trust == "sandboxed"
	served.sandbox.network == "none"

	# A tool call into the vault, from a session that a bug let them open, is stopped as well.
	tool := fixtures.use(given([public, stranger, {"session": {"user": "telegram:666", "workspace": "finance"}}]))
	fixtures.fired(tool.deny, "data.workspaces")
}

test_stolen_token_on_a_direct_bot if {
	# Whoever holds the bot's token can write to it from everywhere, but not as somebody who has a role.
	thief := fixtures.decide(given([direct, stranger, {"user": {"name": "Olga"}}]))
	not thief.allow
	thief.trust == "sandboxed"
	fixtures.fired(thief.deny, "no role")
	not fixtures.fired(thief.warn, "runs direct")
	not fixtures.use(given([direct, stranger, {"session": {"user": "telegram:666", "trust": "direct"}}])).allow
}

test_file_written_into_the_agents_hooks if {
	every path in [".claude/settings.json", ".git/hooks/pre-commit", "CLAUDE.md"] {
		answer := fixtures.use(given([direct, owner, {
			"session": {"user": "telegram:1", "trust": "direct"},
			"tool": {"path": path},
		}]))
		fixtures.fired(answer.deny, "data.tools.protected")
	}
}

test_sandboxed_person_in_the_owners_group_session if {
	# The owner's session in the group is direct, a member's words never reach it.
	owners := {"session": {"id": "s1", "user": "telegram:1", "trust": "direct", "workspace": "personal"}}
	member := fixtures.decide(given([direct, in_the_group, owners]))
	fixtures.fired(member.deny, "belongs to somebody else")
	fixtures.fired(member.deny, "another trust")
	member.trust == "sandboxed"

	# Nor does a tool call that was made for the member run in it.
	tool := fixtures.use(given([direct, {"session": {"user": "telegram:1", "trust": "direct"}}]))
	fixtures.fired(tool.deny, "belongs to somebody else")
}

test_grant_in_a_direct_message_opens_no_group if {
	guest := {"user": {"roles": ["guest"]}}
	fixtures.decide(guest).allow
	answer := fixtures.decide(given([guest, in_the_group]))
	not answer.allow
	fixtures.silent(answer.deny, "do not talk")
}

test_missing_chat_kind_taken_for_a_direct_message if {
	every person in [owner, stranger] {
		doc := json.remove(given([fixtures.message_input, public, person]), ["chat/kind"])
		answer := fixtures.decide_exactly(fixtures.settings, doc)
		not answer.allow
		fixtures.silent(answer.deny, "kind of chat")
	}
}

test_edits_reactions_and_callbacks_around_the_gate if {
	every kind in ["edit", "delete", "reaction", "callback"] {
		every person in [owner, stranger] {
			answer := fixtures.decide(given([person, {"message": {"kind": kind, "text": "/approve ABCD2345"}}]))
			fixtures.silent(answer.deny, "ignored")
		}
	}
}

test_button_that_gives_a_command_is_that_command if {
	press := {"message": {"kind": "callback", "text": "/users", "command": "users"}}
	fixtures.clear(fixtures.decide(given([owner, press])).deny)
	fixtures.fired(fixtures.decide(given([{}, press])).deny, "data.commands")
	fixtures.fired(fixtures.decide(given([stranger, press])).deny, "no role")
}

test_commands_answered_before_the_gate if {
	every name in ["help", "new", "users"] {
		answer := fixtures.decide(given([stranger, {"message": {"kind": "command", "command": name}}]))
		not answer.allow
		fixtures.fired(answer.deny, "no role")
	}
}

test_homoglyph_name_equals_the_owners if {
	every name in ["Olga", "Оlga", "Ol\u200bga", "telegram:1", "owner"] {
		answer := fixtures.decide(given([stranger, asking("finance"), {"user": {"name": name}}]))
		not answer.allow
		fixtures.fired(answer.deny, "no role")
	}
}

test_same_number_on_another_connector if {
	settings := {"workspaces": {"diary": {"read_write": {"people": ["telegram:7"]}}}}
	mine := {"user": {"id": "telegram:7"}}
	fixtures.decide_with(settings, given([mine, asking("diary")])).workspace == "diary"
	theirs := {"connector": {"name": "discord", "kind": "discord"}, "user": {"id": "discord:7"}}
	answer := fixtures.decide_with(settings, given([theirs, asking("diary")]))
	fixtures.fired(answer.deny, "data.workspaces")
}

test_bots_that_answer_each_other if {
	# A bot that says so is not heard.
	fixtures.silent(fixtures.decide(given([in_the_group, {"user": {"bot": true}}])).deny, "is a bot")

	# One that does not is counted with its group, and cut.
	{"name": "group_messages_per_minute", "per": "chat", "max": 20, "window": "1m"} in fixtures.decide(in_the_group).limits
	full := {"limits": {"exceeded": [{
		"name": "messages_per_minute", "per": "chat", "max": 20,
		"window": "1m", "retry_after_seconds": 60,
	}]}}
	fixtures.fired(fixtures.decide(given([in_the_group, full])).deny, "over the limit")
}
