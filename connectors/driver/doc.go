// Package driver holds what the drivers of chat platforms have in common:
// sending with retries, splitting long texts, showing an answer while it is
// made, reconnecting, events in order, and telling how a connection is.
//
// It knows no platform and decides nothing: what a platform can do, its driver
// says in the small interfaces here.
package driver
