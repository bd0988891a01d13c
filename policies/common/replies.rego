package parachute.common

# The words for the chat. A text that is missing from data.yaml must not take the denial with it.
default reply(_) := "Sorry, I cannot do that."

reply(name) := data.replies[name]
