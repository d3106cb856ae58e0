//go:build unix

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
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

var listening = regexp.MustCompile(`server listening.*"address": "([^"]+)"`)

func TestWhatWasAcceptedIsDoneAfterCtrlC(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	program := exec.CommandContext(ctx, os.Args[0], "--Server:Address=127.0.0.1:0", "--Server:Pause=300ms")
	program.Dir = t.TempDir()
	program.Env = append(os.Environ(), asProgram+"=1")
	program.Stderr = os.Stderr
	output, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}

	const accepted = 5
	var lines []string
	for scanner := bufio.NewScanner(output); scanner.Scan(); {
		lines = append(lines, scanner.Text())
		address := listening.FindStringSubmatch(scanner.Text())
		if address == nil {
			continue
		}
		for i := range accepted {
			if code, _ := call(t, ctx, http.MethodPost, fmt.Sprintf("http://%s/thumbnails/%d.png", address[1], i)); code != http.StatusAccepted {
				t.Errorf("status %d", code)
			}
		}
		if _, body := call(t, ctx, http.MethodGet, "http://"+address[1]); !strings.Contains(body, `"workers":2`) {
			t.Errorf("status %s", body)
		}
		if err := program.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
	}
	if err := program.Wait(); err != nil {
		t.Errorf("the program ended with %v, want exit code 0", err)
	}
	text := strings.Join(lines, "\n")
	if made := strings.Count(text, "thumbnail made"); made != accepted || !strings.Contains(text, "host stopped") {
		t.Errorf("%d of %d thumbnails were made:\n%s", made, accepted, text)
	}
}

func call(t *testing.T, ctx context.Context, method, url string) (int, string) { //nolint:revive // t comes first in tests
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}
