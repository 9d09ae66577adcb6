//go:build go1.25 && !go1.26

//go:debug default=go1.25

// Behaves like a module of this release: go.mod says 1.19 only so that 1.19 can build it.

package main
