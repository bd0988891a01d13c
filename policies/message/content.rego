package parachute.message

import data.parachute.common

# METADATA
# title: Texts have a bounded length
# description: "`content.max_text_bytes` in data.yaml, in bytes of UTF-8."
# labels: {id: content.too_long}
deny contains refuse("the text is longer than data.content.max_text_bytes", "too_long") if not text_fits

# METADATA
# title: What waited for long is not answered
# description: |
#   `content.max_age_seconds` in data.yaml: a message from before the bot was back, or one that a platform gives again much
#   later. A platform that gives no time (`age_seconds` is absent) keeps no backlog.
# labels: {id: content.stale}
deny contains refuse("the message is older than data.content.max_age_seconds", "stale") if {
	input.message.age_seconds
	not recent
}

# METADATA
# title: Attachments have a bounded size
# description: "`content.attachments.max_bytes` in data.yaml. A size that is not stated is too big."
# labels: {id: content.attachment_size}
deny contains refuse("an attachment is bigger than data.content.attachments.max_bytes", "attachment_size") if {
	some attachment in input.message.attachments
	not small(attachment)
}

# METADATA
# title: Attachments are of a known type
# description: "`content.attachments.types` in data.yaml. A type that is not stated is refused."
# labels: {id: content.attachment_type}
deny contains refuse("an attachment's type is not in data.content.attachments.types", "attachment_type") if {
	some attachment in input.message.attachments
	not type_listed(attachment)
}

# METADATA
# title: A message brings a bounded number of attachments
# description: "`content.attachments.max_count` in data.yaml."
# labels: {id: content.attachment_count}
deny contains refuse("more attachments than data.content.attachments.max_count", "attachment_count") if {
	input.message.attachments
	not few_attachments
}

recent if common.at_most(input.message.age_seconds, data.content.max_age_seconds)

text_fits if common.at_most(input.message.bytes, data.content.max_text_bytes)

few_attachments if common.at_most(count(input.message.attachments), data.content.attachments.max_count)

small(attachment) if common.at_most(attachment.bytes, data.content.attachments.max_bytes)

type_listed(attachment) if media_type(attachment) in data.content.attachments.types

type_listed(attachment) if {
	[family, subtype] := split(media_type(attachment), "/")
	subtype != ""
	concat("/", [family, "*"]) in data.content.attachments.types
}

# "Text/Plain; charset=utf-8" is text/plain.
media_type(attachment) := lower(trim_space(split(attachment.type, ";")[0]))
