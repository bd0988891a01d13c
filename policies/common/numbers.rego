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

# METADATA
# title: A quota that can be held
# description: A whole number of MiB, from 1 to a pebibyte. No quota is not the same as a big one.
quota(mib) if {
	is_number(mib)
	mib >= 1
	mib <= 1073741824
	floor(mib) == mib
}
