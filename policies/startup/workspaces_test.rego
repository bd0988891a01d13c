package parachute.startup_test

import data.parachute.fixtures_test as fixtures

placed(entry) := fixtures.start_with({"workspaces": {"finance": entry}}, {})

test_quota_that_is_no_number_does_not_start if {
	not fixtures.fired(placed({"quota_mib": 2048}).deny, "quota")
	every quota in [0, -1, 1.5, "2 GiB", null, false, 1073741825] {
		fixtures.fired(placed({"quota_mib": quota}).deny, "workspaces.finance.quota_mib in data.yaml is not valid; write a whole number of MiB")
		fixtures.fired(fixtures.start_with({"default_quota_mib": quota}, {}).deny, "default_quota_mib in data.yaml is not valid")
	}
}

test_key_of_a_workspace_that_is_misspelt_is_told if {
	answer := placed({"quota_mb": 1})
	fixtures.fired(answer.warn, `workspaces.finance in data.yaml has no key "quota_mb"`)
	fixtures.fired(answer.warn, "it can have: granted, mounts, quota_mib, read_only, read_write")
	not fixtures.fired(fixtures.start({}).warn, "in data.yaml has no key")
}

test_mount_that_is_no_other_workspace_is_told if {
	not fixtures.fired(placed({"mounts": ["lobby"]}).warn, "is not mounted")
	not fixtures.fired(placed({"mounts": []}).warn, "is not mounted")
	every mount in ["nowhere", "personal", "finance", "../lobby", 5] {
		fixtures.fired(placed({"mounts": ["lobby", mount]}).warn, sprintf("workspaces.finance.mounts in data.yaml: %v is not mounted", [mount]))
	}
	every mounts in ["lobby", null, {}] {
		fixtures.fired(placed({"mounts": mounts}).warn, "is not mounted")
	}
}
