package parachute.common

# Where an agent runs for the sender: in the sandbox, unless the configuration asks for direct and the audience's
# recommendation lets this person have it.
default trust := "sandboxed"

trust := "direct" if {
	input.config.trust == "direct"
	input.config.audience != "public"
	known
	holds(data.trust[input.config.audience].direct_for)
}
