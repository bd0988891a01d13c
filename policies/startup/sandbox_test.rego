package parachute.startup_test

import data.parachute.fixtures_test as fixtures

boxed(layer) := fixtures.start_with({"sandbox": layer}, {})

test_sandbox_that_is_fine_starts if {
	every layer in [
		{},
		{"default": {
			"cpus": 0.5, "idle_seconds": 604800, "memory_mib": 8, "nofile": 16, "pids": 1048576, "reply_bytes": 1,
			"silent_seconds": 1, "tmp_mib": 1, "turn_seconds": 86400, "image": "example.org:5000/a/b:1", "network": "open", "runtime": "runsc",
		}},
		{"agents": {"coder": {"network": "models_1"}}},
	] {
		answer := boxed(layer)
		not fixtures.fired(answer.deny, "sandbox")
		not fixtures.fired(answer.warn, "sandbox has no key")
		not fixtures.fired(answer.warn, "sandbox.agents")
	}
}

test_key_of_a_sandbox_that_is_misspelt_does_not_start if {
	fixtures.fired(boxed({"agents": {"coder": {"memory": 1}}}).deny, "sandbox.agents.coder in data.yaml")
	every layer in [{"default": {"memory": 1}}, {"public": {"memory": 1}}, {"agents": {"coder": {"memory": 1}}}] {
		fixtures.fired(boxed(layer).deny, `in data.yaml: it has no key "memory"; it can have: cpus, idle_seconds, image, memory_mib`)
	}
}

test_value_of_a_sandbox_that_is_out_of_bounds_does_not_start if {
	every key, values in {
		"cpus": [0, 1025, "2", null],
		"idle_seconds": [0, 604801, 1.5],
		"memory_mib": [7, 1048577, "4g", true],
		"nofile": [15],
		"pids": [1],
		"reply_bytes": [0, 1073741825],
		"silent_seconds": [86401],
		"tmp_mib": [0],
		"turn_seconds": ["10m"],
		"image": ["", "-v", "a b", 5],
		"network": ["", "host", "Host", "default", "container", "ns", "private", "container:x", null, ["open"]],
		"runtime": ["../runc", 1],
	} {
		every value in values {
			fixtures.fired(boxed({"default": {key: value}}).deny, sprintf("sandbox.default in data.yaml: %s is not valid; write ", [key]))
		}
	}
}

test_part_of_a_sandbox_that_is_no_mapping_does_not_start if {
	every value in [null, "none", 5, []] {
		fixtures.fired(boxed({"public": value}).deny, "sandbox.public in data.yaml: write keys and values")
		fixtures.fired(boxed({"agents": {"coder": value}}).deny, "sandbox.agents.coder in data.yaml: write keys and values")
	}
}

test_part_of_a_sandbox_that_is_misspelt_is_told if {
	fixtures.fired(boxed({"pubic": {}}).warn, `sandbox has no key "pubic"`)
	unknown := "sandbox.agents in data.yaml names codr, which parachute.yaml does not have; it has: ask, coder, vault"
	fixtures.fired(boxed({"agents": {"codr": {}}}).warn, unknown)
	not fixtures.fired(boxed({"agents": null}).deny, "sandbox")
}
