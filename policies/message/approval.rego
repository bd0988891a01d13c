package parachute.message

# METADATA
# title: Only a code that was given out is answered
# description: The words are the same as for one that cannot be answered.
# labels: {id: pairing.unknown}
deny contains refuse("no request has this code", "pairing_code") if {
	answers_request
	not code_known
}

# METADATA
# title: A code holds for an hour
# description: Whoever still wants to be let in writes again, and gets another one.
# labels: {id: pairing.expired}
deny contains refuse("the request has expired", "pairing_expired") if {
	answers_request
	input.message.target.pairing.state == "expired"
}

# METADATA
# title: A code works once
# description: A request that was approved is not approved again.
# labels: {id: pairing.used}
deny contains refuse("the code was used already", "pairing_used") if {
	answers_request
	input.message.target.pairing.state == "used"
}

# METADATA
# title: A denial is not taken back by its code
# description: "`add` lets somebody in who was denied."
# labels: {id: pairing.denied}
deny contains refuse("the request was denied already", "pairing_denied") if {
	answers_request
	input.message.target.pairing.state == "denied"
}

# METADATA
# title: Only requests to be let in are answered
# description: The code of a link or of a claim is for those who have it.
# labels: {id: pairing.kind}
deny contains refuse("the code is not of a request to be let in", "pairing_code") if {
	answers_request
	code_waits
	not code_joins
}

# For everybody else all codes have the same words: those of authz.command.
answers_request if {
	input.message.command in {"approve", "deny"}
	about_request
	command_granted
}

# Without a code there is nothing to answer: the gate says how the command is written.
about_request if input.message.target.pairing

about_request if input.message.target.kind != "pairing"

code_known if code_waits

code_known if input.message.target.pairing.state in {"expired", "used", "denied"}

code_joins if input.message.target.pairing.kind == "join"
