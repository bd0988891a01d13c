package parachute.tool

# METADATA
# title: Paths stay in the workspace
# description: |
#   No "..", no absolute path, no backslash, no control or invisible character. The tools resolve paths safely by
#   themselves; this is the wall before that one.
# labels: {id: tool.path}
deny contains refuse("a path leaves the workspace or hides what it is", "tool_path") if {
	some path in paths
	not clean(path)
}

# METADATA
# title: File tools name a file
# description: A call that does not say what it touches cannot be decided.
# labels: {id: tool.path_missing}
deny contains refuse("the tool call does not say which file it touches", "tool_path") if {
	input.tool.kind in {"read", "write", "append", "move", "delete"}
	not input.tool.path
}

# METADATA
# title: A move names where to
# description: A call that does not say what it touches cannot be decided.
# labels: {id: tool.path_missing}
deny contains refuse("the move does not say where to", "tool_path") if {
	input.tool.kind == "move"
	not input.tool.to
}

# METADATA
# title: Agents do not change what they, or tools, obey
# description: |
#   `tools.protected` in data.yaml. Instructions, settings and hooks are run or obeyed later, by somebody with more rights.
# labels: {id: tool.protected_path}
deny contains refuse("the path is protected (data.tools.protected)", "tool_protected") if {
	changes
	some path in paths
	some segment in segments(path)
	some pattern in data.tools.protected
	not clear_of(pattern, segment)
}

# METADATA
# title: Agents do not read secrets
# description: "`tools.secret` in data.yaml."
# labels: {id: tool.secret_path}
deny contains refuse("the path holds secrets (data.tools.secret)", "tool_protected") if {
	some path in paths
	some segment in segments(path)
	some pattern in data.tools.secret
	not clear_of(pattern, segment)
}

# METADATA
# title: Without lists of protected files nothing is touched
# description: A list that is misspelt or deleted in data.yaml must not mean that nothing is protected.
# labels: {id: tool.lists}
deny contains {"msg": "data.tools.protected or data.tools.secret is missing"} if not lists_present

paths contains input.tool.path

paths contains input.tool.to

clean(path) if {
	not startswith(path, "/")
	not regex.match(`[\p{C}\\]`, path)
	every segment in split(path, "/") {
		segment != ".."
	}
}

# The names on a path in the forms that some file system takes for the same: lower case, and without trailing dots and
# spaces.
segments(path) := {form |
	some segment in split(lower(path), "/")
	segment != ""
	segment != "."
	some form in [segment, trim_right(segment, ". ")]
}

# A pattern that cannot be read is clear of nothing.
clear_of(pattern, segment) if glob.match(lower(pattern), null, segment) == false

lists_present if {
	some _ in data.tools.protected
	some _ in data.tools.secret
}
