package redis

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// Conn is one connection to the server.
type Conn struct {
	conn   net.Conn
	in     *bufio.Reader
	broken bool
}

func dial(addr string) (*Conn, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &Conn{conn: conn, in: bufio.NewReader(conn)}, nil
}

// Do sends one command and reads its answer.
func (c *Conn) Do(command ...string) (string, error) {
	var request strings.Builder
	fmt.Fprintf(&request, "*%d\r\n", len(command))
	for _, word := range command {
		fmt.Fprintf(&request, "$%d\r\n%s\r\n", len(word), word)
	}
	if _, err := io.WriteString(c.conn, request.String()); err != nil {
		c.broken = true
		return "", err
	}
	return c.readReply()
}

func (c *Conn) readReply() (string, error) {
	line, err := c.in.ReadString('\n')
	if err != nil {
		c.broken = true
		return "", err
	}
	line = strings.TrimRight(line, "\r\n")
	switch {
	case strings.HasPrefix(line, "+"):
		return line[1:], nil
	case strings.HasPrefix(line, "-"):
		return "", fmt.Errorf("redis: %s", line[1:])
	case line == "$-1":
		return "", ErrNil
	case strings.HasPrefix(line, "$"):
		return c.readBulk(line[1:])
	}
	c.broken = true
	return "", fmt.Errorf("redis: unexpected reply %q", line)
}

func (c *Conn) readBulk(size string) (string, error) {
	length, err := strconv.Atoi(size)
	if err != nil {
		c.broken = true
		return "", err
	}
	bulk := make([]byte, length+2)
	if _, err := io.ReadFull(c.in, bulk); err != nil {
		c.broken = true
		return "", err
	}
	return string(bulk[:length]), nil
}

// Close drops the connection.
func (c *Conn) Close() error { return c.conn.Close() }
