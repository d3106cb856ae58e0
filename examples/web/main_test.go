//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/fxhost/fxhost/host/hosttest"
)

// The test binary is also the program, so that the test meets real signals and
// exit codes.
const asProgram = "TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

var (
	listening = regexp.MustCompile(`server listening.*"urls": \["([^"]+)"\]`)
	served    = regexp.MustCompile(`health is served.*"address": "([^"]+)"`)
)

// program runs the program, and returns where it and its probes are served, and what it
// logs after that.
func program(t *testing.T, arguments ...string) (command *exec.Cmd, url, probes string, log *bufio.Scanner) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	command = exec.CommandContext(ctx, os.Args[0], arguments...)
	command.Env = append(os.Environ(), asProgram+"=1")
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	log = bufio.NewScanner(output)
	waitFor(t, log, func(line string) bool {
		if found := listening.FindStringSubmatch(line); found != nil {
			url = found[1]
		}
		if found := served.FindStringSubmatch(line); found != nil {
			probes = "http://" + found[1]
		}
		return strings.Contains(line, "host started")
	})
	return command, url, probes, log
}

func waitFor(t *testing.T, log *bufio.Scanner, is func(line string) bool) {
	t.Helper()
	for log.Scan() {
		if is(log.Text()) {
			return
		}
	}
	t.Fatal("the program has ended")
}

func call(t *testing.T, client *http.Client, method, url, customer string, body io.Reader) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	if customer != "" {
		request.Header.Set("X-Customer", customer)
	}
	request.Header.Set("Expect", "100-continue")
	response, err := client.Do(request)
	if err != nil {
		t.Error(err)
		return &http.Response{Body: http.NoBody}
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func text(t *testing.T, response *http.Response) string {
	t.Helper()
	all, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return string(all)
}

func TestSIGTERMAnswersWhatIsOnItsWay(t *testing.T) {
	// The body of a request is not sent before the handler waits for it.
	client := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Minute}}
	defer client.CloseIdleConnections()
	command, url, probes, log := program(t, "--Servers:public:Urls=http://127.0.0.1:0", "--Health:Urls=http://127.0.0.1:0",
		"--Servers:public:Limits:MinRequestBodyDataRate:BytesPerSecond=0") // the test may be slow
	if response := call(t, client, http.MethodPost, url+"/orders", "", strings.NewReader("tea")); response.StatusCode != http.StatusBadRequest {
		t.Errorf("%s: %s", response.Status, text(t, response))
	}
	if got := text(t, call(t, client, http.MethodPost, url+"/orders", "ada", strings.NewReader("tea"))); got != "order 1\n" {
		t.Error(got)
	}
	if got := text(t, call(t, client, http.MethodGet, url+"/orders", "ada", http.NoBody)); got != "[\"tea\"]\n" {
		t.Error(got)
	}
	if response := call(t, client, http.MethodPost, url+"/orders", "ada", bytes.NewReader(make([]byte, 1<<20+1))); response.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("%s: appsettings.json is not read", response.Status)
	}
	if got := text(t, call(t, client, http.MethodGet, probes+"/readyz", "", http.NoBody)); got != "ok" {
		t.Errorf("ready: %q", got)
	}
	live := call(t, client, http.MethodGet, url+"/orders/live", "", http.NoBody)
	first := make([]byte, len("data: 1\n\n"))
	if _, err := io.ReadFull(live.Body, first); string(first) != "data: 1\n\n" {
		t.Errorf("%q, %v", first, err)
	}

	// A request that is on its way when the signal comes.
	body, send := io.Pipe()
	answered := make(chan string)
	go func() { answered <- text(t, call(t, client, http.MethodPost, url+"/orders", "bob", body)) }()
	if _, err := io.WriteString(send, "cu"); err != nil {
		t.Fatal(err)
	}
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	waitFor(t, log, func(line string) bool { return strings.Contains(line, "host stopping") })
	_ = text(t, live) // the stream ends as it should
	if _, err := io.WriteString(send, "ps"); err != nil {
		t.Error(err)
	}
	_ = send.Close()
	if got := <-answered; got != "order 2\n" {
		t.Error(got)
	}
	for log.Scan() { // to its end
	}
	if err := command.Wait(); err != nil {
		t.Errorf("the program ended with %v, want exit code 0", err)
	}
}

func TestThePartsFitTogether(t *testing.T) { hosttest.Validate(t, nil, shop()) }
