package parachute.tool_test

import data.parachute.fixtures_test as fixtures

path(name) := {"tool": {"path": name}}

touching(name, path) := {"tool": {"kind": name, "path": path}}

test_plain_path if {
	every name in ["a.md", "ideas/2026/a b.md", "./a.md", "ideas//a.md", "ideas/", "a..b.md", "Ünï/日記.md"] {
		answer := fixtures.use(path(name))
		every msg in ["leaves", "protected", "secrets", "which file", "is missing"] {
			not fixtures.fired(answer.deny, msg)
		}
	}
}

test_path_leaves_the_workspace if {
	every name in ["..", "../a.md", "ideas/../../a.md", "ideas/..", "/etc/passwd", "/", "//host/share"] {
		fixtures.said(fixtures.use(path(name)).deny, "leaves") == "reply:tool_path"
	}
}

test_path_hides_what_it_is if {
	every name in ["a\u0000.md", "a\nb.md", "a\u001b[2J.md", "ideas\\..\\a.md", "CLAUDE\u200b.md", "a\u202egnp.md", "\u007f"] {
		fixtures.said(fixtures.use(path(name)).deny, "leaves") == "reply:tool_path"
	}
}

test_hostile_target_of_a_move if {
	answer := fixtures.use({"tool": {"kind": "move", "to": "../b.md"}})
	fixtures.said(answer.deny, "leaves") == "reply:tool_path"
}

test_hostile_path_to_read if {
	every name in ["list", "read", "search", "execute", "other"] {
		fixtures.fired(fixtures.use(touching(name, "../a.md")).deny, "leaves")
	}
}

test_file_tool_without_a_path if {
	every name in ["read", "write", "append", "move", "delete"] {
		doc := json.remove(object.union(fixtures.tool_input, {"tool": {"kind": name}}), ["tool/path"])
		answer := fixtures.use_exactly(fixtures.settings, doc)
		fixtures.said(answer.deny, "which file") == "reply:tool_path"
	}
	every name in ["list", "search", "execute"] {
		doc := json.remove(object.union(fixtures.tool_input, {"tool": {"kind": name}}), ["tool/path"])
		not fixtures.fired(fixtures.use_exactly(fixtures.settings, doc).deny, "which file")
	}
}

test_move_without_a_target if {
	answer := fixtures.use({"tool": {"kind": "move"}})
	fixtures.said(answer.deny, "where to") == "reply:tool_path"
	not fixtures.fired(fixtures.use({"tool": {"kind": "move", "to": "b.md"}}).deny, "where to")
	not fixtures.fired(fixtures.use({}).deny, "where to")
}

protected_paths := [
	".git/hooks/post-commit",
	".claude/settings.json",
	"CLAUDE.md",
	"docs/claude.md",
	"CLAUDE.local.md",
	"AGENTS.md",
	".cursor/rules/a.mdc",
	".vscode/tasks.json",
	".mcp.json",
	".bashrc",
	"project/hooks/pre-push",
	"./.git/config",
	"ideas//.hidden",
	".GIT/config",
	"Claude.md.",
	"hooks /a",
	"...",
]

test_file_written_into_the_agents_hooks if {
	every protected in protected_paths {
		fixtures.said(fixtures.use(path(protected)).deny, "protected") == "reply:tool_protected"
	}
}

test_protected_file_is_not_changed_in_any_way if {
	every name in ["append", "move", "delete", "execute", "other"] {
		fixtures.fired(fixtures.use(touching(name, ".claude/settings.json")).deny, "protected")
	}
}

test_file_moved_into_the_agents_hooks if {
	answer := fixtures.use({"tool": {"kind": "move", "to": ".git/hooks/post-commit"}})
	fixtures.said(answer.deny, "protected") == "reply:tool_protected"
}

test_protected_file_can_be_read if {
	not fixtures.fired(fixtures.use(touching("read", "CLAUDE.md")).deny, "protected")
}

test_secret_is_not_even_read if {
	every secret in [".env", ".ENV.local", "conf/key.pem", ".env/a"] {
		fixtures.said(fixtures.use(touching("read", secret)).deny, "secrets") == "reply:tool_protected"
	}
	every name in ["write", "move", "search", "execute"] {
		fixtures.fired(fixtures.use(touching(name, ".env")).deny, "secrets")
	}
}

test_pattern_that_cannot_be_read_protects_everything if {
	every list, msg in {"protected": "protected", "secret": "secrets"} {
		settings := object.union(fixtures.settings, {"tools": {list: ["["]}})
		fixtures.fired(fixtures.use_exactly(settings, fixtures.tool_input).deny, msg)
	}
}

test_without_the_lists_nothing_is_touched if {
	every list in ["protected", "secret"] {
		missing := json.remove(fixtures.settings, [concat("/", ["tools", list])])
		fixtures.fired(fixtures.use_exactly(missing, fixtures.tool_input).deny, "is missing")
		fixtures.fired(fixtures.use_with({"tools": {list: []}}, {}).deny, "is missing")
	}
}
