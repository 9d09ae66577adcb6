// Package documents keeps invoices as files that other programs read as well.
package documents

import (
	"fmt"
	"os"
	"syscall"
)

// Archive is one file, shared with the accountants' programs by advisory locks.
type Archive struct {
	// Path of the file.
	Path string
}

// Append adds a document when nobody else has the file locked.
func (a *Archive) Append(document string) error {
	file, err := os.OpenFile(a.Path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := lock(file); err != nil {
		return fmt.Errorf("lock %s: %w", a.Path, err)
	}
	_, err = file.WriteString(document + "\n")
	return err
}

// lock waits in the kernel, which keeps a thread.
func lock(file *os.File) error {
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
		if err != syscall.EINTR {
			return err
		}
	}
}
