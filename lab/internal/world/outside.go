package world

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"time"
)

// Outside is a running world process.
type Outside struct {
	process  *exec.Cmd
	input    *os.File
	output   *os.File
	commands *json.Encoder
	replies  *json.Decoder
}

// Launch starts this program again as the world. It costs the caller no goroutine: nothing waits for the process until Close.
func Launch() (*Outside, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	childIn, input, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	output, childOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	process := exec.Command(program, "-world")
	process.Stdin, process.Stdout, process.Stderr = childIn, childOut, os.Stderr
	err = process.Start()
	_ = childIn.Close()
	_ = childOut.Close()
	if err != nil {
		_ = input.Close()
		_ = output.Close()
		return nil, err
	}
	return &Outside{
		process: process, input: input, output: output,
		commands: json.NewEncoder(input), replies: json.NewDecoder(output),
	}, nil
}

// Serve opens an upstream and returns its host and port.
func (o *Outside) Serve(upstream Upstream) (string, error) {
	reply, err := o.ask(Command{Serve: &upstream})
	return reply.Addr, err
}

// ServeTLS opens an upstream behind TLS and also returns the certificate to trust, in PEM.
func (o *Outside) ServeTLS(upstream Upstream) (addr string, authority []byte, err error) {
	reply, err := o.ask(Command{Serve: &upstream})
	return reply.Addr, reply.Authority, err
}

// Visit sends customers; it returns when the first are on their way.
func (o *Outside) Visit(load Load) error {
	_, err := o.ask(Command{Visit: &load})
	return err
}

func (o *Outside) ask(command Command) (Reply, error) {
	var reply Reply
	if err := o.commands.Encode(command); err != nil {
		return reply, err
	}
	if err := o.replies.Decode(&reply); err != nil {
		return reply, err
	}
	if reply.Error != "" {
		return reply, errors.New(reply.Error)
	}
	return reply, nil
}

// Close ends the process, by force if it does not end within two seconds.
func (o *Outside) Close() {
	_ = o.input.Close()
	_ = o.output.Close()
	kill := time.AfterFunc(2*time.Second, func() { _ = o.process.Process.Kill() })
	_ = o.process.Wait()
	kill.Stop()
}
