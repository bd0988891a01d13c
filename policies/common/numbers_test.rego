package parachute.common_test

import data.parachute.common

test_number_within_its_bound if {
	common.at_most(0, 1)
	common.at_most(1, 1)
	not common.at_most(2, 1)
}

test_text_is_no_bound if {
	every bound in ["30MB", "", true, null, [], {}] {
		not common.at_most(1, bound)
	}
}

test_text_is_within_no_bound if {
	every value in ["1", false, null] {
		not common.at_most(value, 10)
	}
}

test_quota_is_a_whole_number_of_mib if {
	every mib in [1, 1024, 1073741824] {
		common.quota(mib)
	}
	every mib in [0, -1, 1.5, 1073741825, "1024", true, null, [], {}] {
		not common.quota(mib)
	}
}
