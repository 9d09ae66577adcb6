package world

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// serveRESP speaks enough of the Redis protocol for GET and SET: arrays of bulk strings in, bulk strings out.
// https://redis.io/docs/latest/develop/reference/protocol-spec/
func serveRESP(u Upstream) (string, error) {
	return serveConns(func(conn net.Conn) {
		in := bufio.NewReader(conn)
		for {
			command, err := readCommand(in)
			if err != nil {
				return
			}
			u.wait()
			if _, err := io.WriteString(conn, answer(command)); err != nil {
				return
			}
		}
	})
}

func answer(command []string) string {
	if len(command) == 2 && strings.EqualFold(command[0], "GET") {
		value := "cart-of-" + command[1]
		return fmt.Sprintf("$%d\r\n%s\r\n", len(value), value)
	}
	return "+OK\r\n"
}

func readCommand(in *bufio.Reader) ([]string, error) {
	count, err := readCount(in, '*')
	if err != nil {
		return nil, err
	}
	command := make([]string, count)
	for i := range command {
		size, err := readCount(in, '$')
		if err != nil {
			return nil, err
		}
		bulk := make([]byte, size+2)
		if _, err := io.ReadFull(in, bulk); err != nil {
			return nil, err
		}
		command[i] = string(bulk[:size])
	}
	return command, nil
}

func readCount(in *bufio.Reader, kind byte) (int, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return 0, err
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" || line[0] != kind {
		return 0, fmt.Errorf("want %q, got %q", kind, line)
	}
	count, err := strconv.Atoi(line[1:])
	if err == nil && (count < 0 || count > 1<<20) {
		err = fmt.Errorf("count %d out of range", count)
	}
	return count, err
}
