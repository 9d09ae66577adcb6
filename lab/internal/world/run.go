package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Run obeys commands until input ends. Upstreams and customers live as long as the process.
func Run(input io.Reader, output io.Writer) error {
	commands := json.NewDecoder(input)
	replies := json.NewEncoder(output)
	for {
		var command Command
		if err := commands.Decode(&command); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		var reply Reply
		if err := obey(command, &reply); err != nil {
			reply.Error = err.Error()
		}
		if err := replies.Encode(reply); err != nil {
			return err
		}
	}
}

func obey(command Command, reply *Reply) error {
	switch {
	case command.Serve != nil:
		if command.Serve.Kind == "http2" {
			var err error
			reply.Addr, reply.Authority, err = serveHTTP2(*command.Serve)
			return err
		}
		open, ok := upstreams[command.Serve.Kind]
		if !ok {
			return fmt.Errorf("no upstream kind %q", command.Serve.Kind)
		}
		addr, err := open(*command.Serve)
		reply.Addr = addr
		return err
	case command.Visit != nil:
		visit, ok := loads[command.Visit.Kind]
		if !ok {
			return fmt.Errorf("no load kind %q", command.Visit.Kind)
		}
		go arrive(*command.Visit, visit)
		return nil
	}
	return errors.New("empty command")
}
