package parachute.startup_test

import data.parachute.startup

test_a_section_that_is_missing_is_told if {
	warnings := startup.warn with data.limits as false with data.replies as false
	some warning in warnings
	contains(warning.msg, "\"limits\"")
}

test_the_sections_are_those_of_data_yaml if {
	startup.sections_there == startup.sections with data.roles as {"owner": {}}
		with data.people as {"oversee": []}
		with data.pairing as {"audiences": []}
		with data.tokens as {"required": []}
		with data.trust as {"private": {}}
		with data.agents as {"choices": []}
		with data.sandbox as {"default": {}}
		with data.workspaces as {"personal": {}}
		with data.limits as {"roles": {}}
		with data.commands as {"help": {}}
		with data.content as {"max_text_bytes": 1}
		with data.events as {"edit": "ignore"}
		with data.tools as {"ask": {}}
		with data.files as {"data": "warn"}
		with data.replies as {"limit": ""}
}
