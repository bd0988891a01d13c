# METADATA
# scope: package
# entrypoint: true
# title: May this message start or go on with a session?
# description: |
#   Asked for every incoming message, command, edit, callback and reaction. Admitted is what `allow` holds for and no `deny`
#   speaks against. Add a rule by dropping a file with this package anywhere under the policies' folder:
#   `deny contains "closed at night" if …`. Nothing else is needed: the sets of all files are merged.
#
#   The rules read neither text, id, time nor names, so that a decision can be kept for the same facts.
# schemas:
#   - input: schema.message.input
package parachute.message

import data.parachute.common

default allow := false

# A denial, with words for the chat only where the sender may hear from the bot.
refuse(msg, name) := {"msg": msg, "reply": common.reply(name)} if answerable

refuse(msg, _) := {"msg": msg} if not answerable

answerable if {
	input.chat.kind == "dm"
	human
	accepted_event
	not common.blocked
}

# In a group the bot does not speak to strangers, nor to people who speak to each other.
answerable if {
	allow
	human
	accepted_event
	addressed
}
