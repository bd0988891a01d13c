package vault

import (
	"os"

	"golang.org/x/sys/unix"
)

// renameNew renames one name in a folder to a free name in another, without
// following links (renameatx_np(2), RENAME_EXCL).
func renameNew(from *os.File, name string, to *os.File, newName string) error {
	return unix.RenameatxNp(int(from.Fd()), name, int(to.Fd()), newName, unix.RENAME_EXCL)
}
