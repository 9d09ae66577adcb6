package world

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"
)

func TestRunObeysAndAnswers(t *testing.T) {
	input := strings.NewReader(`{"serve":{"kind":"resp"}} {"serve":{"kind":"volcano"}} {"visit":{"kind":"storm"}} {}`)
	var output bytes.Buffer
	if err := Run(input, &output); err != nil {
		t.Fatal(err)
	}
	replies := json.NewDecoder(&output)
	for i, want := range []string{"", `no upstream kind "volcano"`, `no load kind "storm"`, "empty command"} {
		var reply Reply
		if err := replies.Decode(&reply); err != nil {
			t.Fatal(err)
		}
		if reply.Error != want || (want == "") != (reply.Addr != "") {
			t.Errorf("reply %d: %+v, want error %q", i, reply, want)
		}
	}
}

func TestRESPSpeaksRedis(t *testing.T) {
	addr, err := serveRESP(Upstream{})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "*2\r\n$3\r\nGET\r\n$3\r\nc-1\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n")
	in := bufio.NewReader(conn)
	for _, want := range []string{"$11\r\n", "cart-of-c-1\r\n", "+OK\r\n"} {
		got, err := in.ReadString('\n')
		if err != nil || got != want {
			t.Fatalf("got %q, %v, want %q", got, err, want)
		}
	}
	fmt.Fprint(conn, "nonsense\r\n")
	if _, err := in.ReadString('\n'); err == nil {
		t.Error("nonsense is answered")
	}
}
