// Command program does, for the tests, what a message tells it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "lines" {
		lines()
		return
	}
	if len(os.Args) > 1 {
		fmt.Printf("args %q\n", os.Args[1:])
		return
	}
	message, _ := io.ReadAll(os.Stdin)
	do(string(message), os.Stdout)
}

func do(message string, out io.Writer) {
	verb, rest, _ := strings.Cut(message, " ")
	switch verb {
	case "echo":
		fmt.Fprintln(out, rest)
	case "fail":
		fmt.Fprintln(out, "half an answer")
		fmt.Fprintln(os.Stderr, "why it failed:", os.Getenv("API_KEY"))
		os.Exit(3)
	case "killed":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "slow":
		fmt.Fprintln(out, "working")
		signal.Ignore(syscall.SIGTERM)
		time.Sleep(time.Hour)
	case "silent":
		time.Sleep(time.Hour)
	case "steps":
		for i := range 5 {
			fmt.Fprintln(out, "step", i)
			time.Sleep(120 * time.Millisecond)
		}
	case "endless":
		for {
			fmt.Fprintln(out, strings.Repeat("y", 1000))
		}
	case "dirty":
		fmt.Fprint(out, "\x1b[31mred\x1b[0m \x1b]0;title\x07b\xffad\x00\n10%\rdone\n\u202eevil")
	case "nothing":
	case "child":
		// A child that holds stdout open must not hold the turn.
		p, err := os.StartProcess("/bin/sleep", []string{"sleep", "3600"}, &os.ProcAttr{Files: []*os.File{nil, os.Stdout, nil}})
		fmt.Fprintln(out, "child", p != nil, err)
	}
}

type said struct {
	Turn  string `json:"turn"`
	Text  string `json:"text,omitempty"`
	Done  bool   `json:"done,omitempty"`
	Error string `json:"error,omitempty"`
}

type piece struct {
	turn string
	enc  *json.Encoder
}

func (p piece) Write(b []byte) (int, error) {
	return len(b), p.enc.Encode(said{Turn: p.turn, Text: string(b)})
}

func lines() {
	fmt.Println("loading the library, please wait")
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	enc := json.NewEncoder(os.Stdout)
	for n := 1; in.Scan(); n++ {
		var line struct {
			Turn, Text string
			Files      []string
		}
		if err := json.Unmarshal(in.Bytes(), &line); err != nil {
			panic(err)
		}
		verb, rest, _ := strings.Cut(line.Text, " ")
		switch verb {
		case "count":
			enc.Encode(said{Turn: line.Turn, Text: fmt.Sprint(n), Done: true})
			continue
		case "stale":
			enc.Encode(said{Turn: "turn-0", Text: "stale", Done: true})
		case "twice":
			enc.Encode(said{Turn: line.Turn, Text: "once", Done: true})
			enc.Encode(said{Turn: line.Turn, Text: "twice", Done: true})
			continue
		case "error":
			enc.Encode(said{Turn: line.Turn, Error: "it " + rest})
			continue
		case "malformed":
			fmt.Println(`{"turn": "`)
			fmt.Println(`[1, 2]`)
		case "files":
			enc.Encode(said{Turn: line.Turn, Text: strings.Join(line.Files, ","), Done: true})
			continue
		case "longline":
			fmt.Println(strings.Repeat("x", 9<<20))
		case "once":
			enc.Encode(said{Turn: line.Turn, Text: "bye", Done: true})
			return
		}
		do(line.Text, piece{line.Turn, enc})
		enc.Encode(said{Turn: line.Turn, Done: true})
	}
}
