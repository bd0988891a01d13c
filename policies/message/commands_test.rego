package parachute.message_test

import data.parachute.fixtures_test as fixtures

command(name) := {"message": {"kind": "command", "command": name}}

test_help_is_for_everybody_with_a_role if {
	every role in ["owner", "member", "guest"] {
		answer := fixtures.decide(object.union(command("help"), {"user": {"roles": [role]}}))
		answer.allow
		not fixtures.fired(answer.deny, "data.commands")
	}
}

test_help_is_not_for_strangers if {
	answer := fixtures.decide(object.union(command("help"), stranger))
	not answer.allow
	fixtures.said(answer.deny, "no role") == "reply:pairing_new"
	not fixtures.fired(answer.deny, "data.commands")
}

test_owners_command_is_the_owners if {
	not fixtures.fired(fixtures.decide(object.union(command("users"), {"user": {"roles": ["owner"]}})).deny, "data.commands")
	every role in ["member", "guest"] {
		answer := fixtures.decide(object.union(command("users"), {"user": {"roles": [role]}}))
		fixtures.said(answer.deny, "data.commands") == "reply:command"
	}
}

test_unknown_command_gets_the_same_words if {
	fixtures.said(fixtures.decide(command("launch")).deny, "data.commands") == "reply:command"
}

test_command_without_a_name_is_refused if {
	answer := fixtures.decide({"message": {"kind": "command"}})
	fixtures.fired(answer.deny, "data.commands")
}

test_command_that_names_no_roles_is_nobodys if {
	settings := object.union(json.remove(fixtures.settings, ["commands/help"]), {"commands": {"help": {}}})
	doc := object.union_n([fixtures.message_input, command("help"), {"user": {"roles": ["owner"]}}])
	fixtures.fired(fixtures.decide_exactly(settings, doc).deny, "data.commands")
}

test_message_is_no_command if {
	not fixtures.fired(fixtures.decide({}).deny, "data.commands")
}

test_terminal_gives_commands_that_no_chat_has if {
	local := {"user": {"local": true, "roles": []}, "message": {"kind": "command", "command": "import"}}
	terminal := object.union(local, {"connector": {"name": "terminal", "kind": "terminal"}})
	not fixtures.fired(fixtures.decide(terminal).deny, "not in data.commands")
	fixtures.fired(fixtures.decide(local).deny, "not in data.commands")
	stranger := object.union(terminal, {"user": {"local": false, "roles": ["member"]}})
	fixtures.fired(fixtures.decide(stranger).deny, "not in data.commands")
}
