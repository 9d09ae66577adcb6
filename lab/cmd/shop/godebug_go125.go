//go:build go1.25 && !go1.26

// Behave like a module of this release: go.mod says 1.19 only so that 1.19 can build it.
//
//go:debug default=go1.25
package main
