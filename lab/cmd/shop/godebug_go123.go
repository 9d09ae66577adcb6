//go:build go1.23 && !go1.24

//go:debug default=go1.23

// Behaves like a module of this release: go.mod says 1.19 only so that 1.19 can build it.

package main
