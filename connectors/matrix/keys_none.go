//go:build !goolm

package matrix

import (
	"context"

	"maunium.net/go/mautrix"
)

// encryptionBuilt tells whether this build can encrypt.
const encryptionBuilt = false

func openKeys(context.Context, *mautrix.Client, string, []byte, states) (keys, error) {
	return nil, errNotBuilt
}
