package sandbox

// Size is what a folder takes of its disk.
type Size struct {
	// Bytes are those of allocated blocks, of folders too: a sparse file counts what
	// it holds, and a file of several names once.
	Bytes int64
	// Entries is the number of names.
	Entries int64
}

// maxDepth is how deep folders may lie in one another: each is held open while
// what is in it is measured.
const maxDepth = 128

// Over tells whether there is more of anything than there may be.
func (s Size) Over(most Size) bool { return s.Bytes > most.Bytes || s.Entries > most.Entries }

// disk is what a file system has free, in bytes for those who are not root, and
// in inodes. Some file systems make inodes as they are wanted, and tell 0.
type disk struct {
	free, total, inodes int64
}
