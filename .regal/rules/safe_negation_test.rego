package custom.regal.rules.parachute["safe-negation_test"]

import data.custom.regal.rules.parachute["safe-negation"] as rule

module(body) := regal.parse_module("policy.rego", concat("\n", ["package policy", "", "deny contains \"no\" if {", body, "}", ""]))

test_operand_that_may_be_absent_is_found if {
	every body in [
		"not input.user.bot == false",
		"not startswith(input.path, \"/\")",
		"some x in input.xs\n\tnot x.size < 3",
		"some x in input.xs\n\tnot lower(upper(x)) == \"a\"",
	] {
		count(rule.report) == 1 with input as module(body)
	}
}

test_name_and_function_of_variables_are_fine if {
	every body in [
		"not human",
		"not input.user.bot",
		"some x in input.xs\n\tnot small(x)",
		"some x in input.xs\n\tnot x == 3",
		"input.user.bot == false",
	] {
		count(rule.report) == 0 with input as module(body)
	}
}
