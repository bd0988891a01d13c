# METADATA
# description: Negation of an expression whose operands may be absent
# related_resources:
#   - ref: https://www.openpolicyagent.org/docs/policy-reference/keywords/not
# schemas:
#   - input: schema.regal.ast
package custom.regal.rules.parachute["safe-negation"]

import data.regal.ast
import data.regal.result

# `not input.user.bot == false` does not hold when the field is absent: OPA looks the operands up before the `not`, and
# the whole rule quietly does not apply. Give the expression a name, and negate that.
report contains violation if {
	not endswith(input.regal.file.name, "_test.rego")
	some expression in ast.found.expressions[_]
	expression.negated
	is_array(expression.terms)
	some i, operand in expression.terms
	i > 0
	operand.type in {"ref", "call"}
	violation := result.fail(rego.metadata.chain(), result.location(expression))
}
