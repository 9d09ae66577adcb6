// Package thumbnails makes small pictures with an external program.
package thumbnails

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
)

// Renderer runs the program.
type Renderer struct {
	// Script for the shell; it leaves a helper in the background.
	Script string
	// Helper is the helper's input, as descriptor 3.
	Helper *os.File
}

// Render runs the program and returns what it prints.
func (r *Renderer) Render() (string, error) {
	var out bytes.Buffer
	command := exec.Command("/bin/sh", "-c", r.Script)
	command.Stdout = &out
	command.ExtraFiles = []*os.File{r.Helper}
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("thumbnail: %w", err)
	}
	return out.String(), nil
}
