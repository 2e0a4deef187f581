// Reads a job's ordered stream from Redis with Go's standard library alone, as docs/reference/ordered-stream.md
// describes it.
//
//	go run examples/queue_consumer.go redis://127.0.0.1:6379 STREAM > speech.pcm
//
// STREAM is `job.stream` in Python, and `stream` in the answer to POST /v1/jobs with "drain": "window". The sound on
// standard output is signed 16-bit little-endian mono; sentences and what is missing are lines on standard error.
// A lost connection is made again, and the sound goes on at the next byte.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

const retry = 500 * time.Millisecond

// refusal is an error that Redis answered a command with; trying again does not help.
type refusal string

func (r refusal) Error() string { return string(r) }

// connection sends commands one after another.
type connection struct {
	net.Conn
	input *bufio.Reader
}

func dial(address *url.URL) (*connection, error) {
	port := address.Port()
	if port == "" {
		port = "6379"
	}
	socket, err := net.Dial("tcp", net.JoinHostPort(address.Hostname(), port))
	if err != nil {
		return nil, err
	}
	redis := &connection{socket, bufio.NewReader(socket)}
	if password, isSet := address.User.Password(); isSet {
		words := []string{"AUTH", address.User.Username(), password}
		if words[1] == "" {
			words = []string{"AUTH", password}
		}
		if _, err = redis.command(words...); err != nil {
			return redis, err
		}
	}
	if database := strings.TrimPrefix(address.Path, "/"); database != "" {
		_, err = redis.command("SELECT", database)
	}
	return redis, err
}

func (redis *connection) command(words ...string) (any, error) {
	var request strings.Builder
	fmt.Fprintf(&request, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(&request, "$%d\r\n%s\r\n", len(word), word)
	}
	if _, err := io.WriteString(redis, request.String()); err != nil {
		return nil, err
	}
	return redis.reply()
}

// reply reads a reply of RESP2: a string, a number, a slice of replies, or nil.
func (redis *connection) reply() (any, error) {
	line, err := redis.input.ReadString('\n')
	if err != nil {
		return nil, err
	}
	kind, rest := line[0], strings.TrimSuffix(line[1:], "\r\n")
	switch kind {
	case '-':
		return nil, refusal(rest)
	case '+':
		return rest, nil
	}
	n, err := strconv.Atoi(rest)
	if err != nil || kind == ':' {
		return n, err
	}
	if n < 0 {
		return nil, nil
	}
	if kind == '$' {
		text := make([]byte, n+len("\r\n"))
		_, err = io.ReadFull(redis.input, text)
		return string(text[:n]), err
	}
	items := make([]any, n)
	for i := range items {
		if items[i], err = redis.reply(); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// entry is one entry of a stream.
type entry struct {
	id     string
	fields map[string]string
}

// entriesOf decodes the reply to an XREAD of one stream; nil: nothing came in time.
func entriesOf(reply any) []entry {
	if reply == nil {
		return nil
	}
	var found []entry
	for _, item := range reply.([]any)[0].([]any)[1].([]any) {
		words, fields := item.([]any)[1].([]any), map[string]string{}
		for i := 0; i < len(words); i += 2 {
			fields[words[i].(string)] = words[i+1].(string)
		}
		found = append(found, entry{item.([]any)[0].(string), fields})
	}
	return found
}

// player writes what it takes, once.
type player struct {
	last     string // id of the last entry that was taken
	sentence int    // 1-based
	have     int    // bytes of it
}

func (p *player) take(e entry) error {
	p.last = e.id
	var sentence, end int
	if _, err := fmt.Sscanf(e.id, "%d-%d", &sentence, &end); err != nil {
		return err
	}
	if sentence != p.sentence {
		p.sentence, p.have = sentence, 0
	}
	sound, isSound := e.fields["d"]
	if !isSound {
		line, err := json.Marshal(e.fields)
		fmt.Fprintln(os.Stderr, string(line))
		return err
	}
	first := p.have - (end - len(sound)) // the next byte that is not there yet
	p.have = end
	_, err := io.WriteString(os.Stdout, sound[first:])
	return err
}

// follow reads a stream on one connection, up to its end.
func (p *player) follow(address *url.URL, stream string) error {
	redis, err := dial(address)
	if redis != nil {
		defer redis.Close()
	}
	for err == nil {
		var reply any
		if reply, err = redis.command("XREAD", "COUNT", "16", "BLOCK", "5000", "STREAMS", stream, p.last); err != nil {
			break
		}
		found := entriesOf(reply)
		for _, each := range found {
			if err = p.take(each); err != nil || each.fields["t"] == "end" {
				return err
			}
		}
		if len(found) > 0 {
			_, err = redis.command("XGROUP", "SETID", stream, "reader", p.last) // lets the job go on
		}
	}
	return err
}

func main() {
	address, err := url.Parse(os.Args[1])
	for p := (player{last: "0-0"}); err == nil; time.Sleep(retry) {
		var network net.Error
		switch failure := p.follow(address, os.Args[2]); {
		case failure == nil:
			return
		case errors.Is(failure, io.EOF), errors.Is(failure, io.ErrUnexpectedEOF), errors.As(failure, &network):
			fmt.Fprintf(os.Stderr, "%v; trying again\n", failure)
		default:
			err = failure
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
