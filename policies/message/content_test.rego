package parachute.message_test

import data.parachute.fixtures_test as fixtures

with_attachments(attachments) := {"message": {"attachments": attachments}}

image := {"name": "a.png", "type": "image/png", "bytes": 1234}

test_text_of_the_longest_length_fits if {
	not fixtures.fired(fixtures.decide({"message": {"bytes": 102400}}).deny, "longer")
}

test_text_that_is_too_long if {
	fixtures.said(fixtures.decide({"message": {"bytes": 102401}}).deny, "longer") == "reply:too_long"
}

test_text_of_unknown_length_is_too_long if {
	fixtures.fired(fixtures.decide_without("message/bytes").deny, "longer")
}

test_long_text_in_a_group_that_is_not_for_the_bot_meets_silence if {
	answer := fixtures.decide(object.union(unaddressed, {"message": {"bytes": 102401}}))
	fixtures.silent(answer.deny, "longer")
}

test_long_text_of_a_stranger_in_a_group_meets_silence if {
	long := {"message": {"bytes": 102401}, "user": {"roles": []}}
	fixtures.silent(fixtures.decide(object.union(in_group, long)).deny, "longer")
}

test_without_a_setting_every_text_is_too_long if {
	settings := json.remove(fixtures.settings, ["content/max_text_bytes"])
	fixtures.fired(fixtures.decide_exactly(settings, fixtures.message_input).deny, "longer")
}

test_attachment_is_taken if {
	answer := fixtures.decide(with_attachments([image]))
	not fixtures.fired(answer.deny, "bigger")
	not fixtures.fired(answer.deny, "type is not")
	not fixtures.fired(answer.deny, "more attachments")
}

test_attachment_that_is_too_big if {
	not fixtures.fired(fixtures.decide(with_attachments([object.union(image, {"bytes": 10000000})])).deny, "bigger")
	answer := fixtures.decide(with_attachments([image, object.union(image, {"bytes": 10000001})]))
	fixtures.said(answer.deny, "bigger") == "reply:attachment_size"
}

test_attachment_of_unknown_size_is_too_big if {
	fixtures.fired(fixtures.decide(with_attachments([object.remove(image, ["bytes"])])).deny, "bigger")
}

test_attachment_of_another_type if {
	every type in ["application/x-sh", "image/svg+xml", "image", "imagex/png", "audio", "audio/", "audio/mp3/x", "", "image/*"] {
		answer := fixtures.decide(with_attachments([image, object.union(image, {"type": type})]))
		fixtures.said(answer.deny, "type is not") == "reply:attachment_type"
	}
}

test_attachment_of_unknown_type if {
	fixtures.fired(fixtures.decide(with_attachments([object.remove(image, ["type"])])).deny, "type is not")
}

test_attachment_type_in_another_spelling if {
	every type in ["IMAGE/PNG", "image/png; charset=binary", " image/png ", "audio/ogg"] {
		answer := fixtures.decide(with_attachments([object.union(image, {"type": type})]))
		not fixtures.fired(answer.deny, "type is not")
	}
}

test_too_many_attachments if {
	not fixtures.fired(fixtures.decide(with_attachments([image, image])).deny, "more attachments")
	answer := fixtures.decide(with_attachments([image, image, image]))
	fixtures.said(answer.deny, "more attachments") == "reply:attachment_count"
}

test_message_without_attachments if {
	not fixtures.fired(fixtures.decide({}).deny, "more attachments")
}

test_message_of_now_is_answered if {
	every age in [0, 300] {
		not fixtures.fired(fixtures.decide({"message": {"age_seconds": age}}).deny, "older")
	}
}

test_message_without_a_time_is_answered if {
	not fixtures.fired(fixtures.decide({}).deny, "older")
}

test_old_message_is_not_answered if {
	answer := fixtures.decide({"message": {"age_seconds": 301}})
	fixtures.said(answer.deny, "older") == "reply:stale"
}

test_age_without_a_bound_is_too_old if {
	settings := json.remove(fixtures.settings, ["content/max_age_seconds"])
	doc := object.union(fixtures.message_input, {"message": {"age_seconds": 0}})
	fixtures.fired(fixtures.decide_exactly(settings, doc).deny, "older")
}

test_bound_that_is_a_text_holds_everything_back if {
	doc := object.union(fixtures.message_input, {"message": {"age_seconds": 0, "attachments": [image]}})
	every content, msg in {
		{"max_text_bytes": "100KB"}: "longer",
		{"max_age_seconds": "5m"}: "older",
		{"attachments": {"max_count": "ten"}}: "more attachments",
		{"attachments": {"max_bytes": "30MB"}}: "bigger",
	} {
		settings := object.union(fixtures.settings, {"content": content})
		fixtures.fired(fixtures.decide_exactly(settings, doc).deny, msg)
	}
}
