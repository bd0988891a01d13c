// Package matrix is the connector to a Matrix homeserver, with end-to-end
// encryption when it is built with the tag goolm.
//
// It joins the rooms it is allowed in and no others, gives their events to the
// gate, and sends the gate's replies. It never decides and never answers by
// itself; it never takes a name, a localpart or a text for an identity, and
// never a room for a direct message that has a third member. With encryption on
// it never passes on what only the homeserver vouches for: a message must come
// encrypted, from a device of the person it names. And it never takes an event that
// could be read in two ways: keys are told apart exactly, as Matrix does and
// encoding/json does not.
//
// # What is kept
//
// Deps.Dir holds the device: its id and access token (device.json), its keys
// (keys.db, locked by pickle.key), and how far events were handled (sync.json).
// Two processes must not share it.
//
// # Not lost, not doubled
//
// The place in the homeserver's stream of events (next_batch) is stored when the
// handler has taken everything before it. What was given and not taken is given
// again after a while, and once more after a restart.
package matrix
