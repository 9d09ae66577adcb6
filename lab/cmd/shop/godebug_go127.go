//go:build go1.27 && !go1.28

//go:debug default=go1.27

// Behaves like a module of this release: go.mod says 1.19 only so that 1.19 can build it.

package main
