package parachute.startup

import data.parachute.common

# METADATA
# title: Quotas are numbers
# description: Nobody is served in a workspace without one that can be held.
# labels: {id: startup.quota}
deny contains {"msg": sprintf("%s in data.yaml is not valid; write a whole number of MiB above 0, such as 1024", [name])} if {
	some name, quota in quotas_written
	not common.quota(quota)
}

# METADATA
# title: Keys of workspaces mean something
# description: One that is misspelt has no effect.
# labels: {id: startup.workspace_key}
warn contains {"msg": sprintf("workspaces.%s in data.yaml has no key %q; it can have: %s", [name, key, known])} if {
	known := concat(", ", sort(workspace_keys))
	some name, entry in data.workspaces
	some key, _ in entry
	not key in workspace_keys
}

# METADATA
# title: Mounts are workspaces
# description: What is misspelt is not mounted.
# labels: {id: startup.mounts}
warn contains {"msg": sprintf("workspaces.%s.mounts in data.yaml: %v is not mounted; %s", [name, mount, mend])} if {
	mend := "write a list of other workspaces of data.yaml, without personal"
	some name, entry in data.workspaces
	some mount in mounts_wrong(name, entry.mounts)
}

# METADATA
# title: What a grant opens is to read or to write
# description: Anything but read_write is taken for read_only.
# labels: {id: startup.granted}
warn contains {"msg": sprintf("workspaces.%s.granted in data.yaml is taken for read_only; write read_only or read_write", [name])} if {
	some name, entry in data.workspaces
	granted := entry.granted
	not granted in {"read_only", "read_write"}
}

# METADATA
# title: Groups are bound to workspaces of data.yaml
# description: In a group that is bound to another one nobody is served.
# labels: {id: startup.group_workspace}
warn contains {"msg": sprintf("groups.chats.%s in data.yaml: there is no workspace %v; nobody is served there", [chat, workspace])} if {
	some chat, entry in data.groups.chats
	workspace := entry.workspace
	not workspace in workspace_names
}

workspace_keys := {"read_write", "read_only", "granted", "mounts", "quota_mib"}

default default_quota := "missing"

default_quota := data.default_quota_mib

quotas_written["default_quota_mib"] := default_quota

quotas_written[sprintf("workspaces.%s.quota_mib", [name])] := entry.quota_mib if some name, entry in data.workspaces

mounts_wrong(_, mounts) := {mounts} if not is_array(mounts)

mounts_wrong(name, mounts) := {mount | some mount in mounts; not mountable(name, mount)} if is_array(mounts)

mountable(name, mount) if {
	mount in workspace_names
	mount != name
	mount != "personal"
}

workspace_names contains name if some name, _ in data.workspaces
