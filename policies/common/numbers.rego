package parachute.common

# METADATA
# title: A number within its bound
# description: |
#   Only numbers count: in Rego every number is below every text, so that a bound which somebody wrote as "30MB" would be none.
at_most(value, bound) if {
	is_number(value)
	is_number(bound)
	value <= bound
}
