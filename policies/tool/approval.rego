package parachute.tool

# METADATA
# title: Some tool calls wait for a person
# description: "`tools.ask` in data.yaml, by the session's trust. A session that tells no trust is asked about everything."
# labels: {id: tool.ask}
ask contains {"msg": "this kind of tool call needs a person's approval (data.tools.ask)"} if not unasked

unasked if {
	some trust, kinds in data.tools.ask
	trust == input.session.trust
	every kind in kinds {
		kind != input.tool.kind
	}
}
