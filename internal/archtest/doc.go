// Package archtest holds the shape of the tree against its table: which folder
// may import which, which one folder knows an SDK, how long a file may be, and
// what no file may say. The table is table_test.go; a new folder or a new
// library is a new line in it, with the reason.
//
// It has tests only, and no other package imports it. It judges the text of the
// tree, never what the code does when it runs.
package archtest
