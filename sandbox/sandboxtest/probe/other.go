//go:build !linux

package main

// bombs are none: a container runs Linux.
func bombs() map[string]func([]string) int { return nil }
