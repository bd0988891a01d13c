package parachute.message

# METADATA
# title: A connector can ask for a token
# description: "`tokens.required` in data.yaml: whoever speaks there shows an API token that is theirs."
# labels: {id: token.required}
deny contains refuse("the connector asks for a token (data.tokens.required), and none came", "token") if token_missing

# METADATA
# title: A token that came is valid
# description: One that has expired, was taken back, or is somebody else's is worse than none.
# labels: {id: token.invalid}
deny contains refuse("the token is not valid here", "token") if {
	input.user.token
	not token_valid
}

token_missing if {
	input.connector.name in data.tokens.required
	not input.user.token
}

token_valid if input.user.token.state == "valid"

token_refused if token_missing

token_refused if {
	input.user.token
	not token_valid
}
