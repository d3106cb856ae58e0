//go:build unix

package host_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/background"
)

// soakServices take their time to construct, start, run and stop, so that a signal
// meets a host at every point of its life. They say what they do.
func soakServices() []fx.Option {
	work := func(ctx context.Context) error {
		select {
		case <-time.After(time.Duration(rand.IntN(4)) * time.Millisecond):
			return nil
		case <-ctx.Done():
			if rand.IntN(2) == 0 {
				return nil // this one finishes nevertheless
			}
			return context.Cause(ctx)
		}
	}
	phase := func(name, begin, end string) func(context.Context) error {
		return func(ctx context.Context) error {
			say(name + " " + begin)
			err := work(ctx)
			if err == nil {
				say(name + " " + end)
			}
			return err
		}
	}
	options := []fx.Option{fx.Invoke(func(lifecycle fx.Lifecycle) {
		say("constructing")
		_ = work(context.Background())
		lifecycle.Append(fx.Hook{OnStart: phase("hook", "starts", "started"), OnStop: phase("hook", "stops", "stopped")})
	})}
	for _, name := range []string{"a", "b", "c"} {
		options = append(options, service(&events{
			name: name, start: phase(name, "starts", "started"), stop: phase(name, "stops", "stopped"),
		}))
	}
	return append(options, background.Func("loop", func(ctx context.Context) error {
		say("loop starts")
		say("loop started")
		<-ctx.Done()
		say("loop stops")
		err := work(context.WithoutCancel(ctx))
		say("loop stopped")
		return err
	}))
}

// One to three signals at random moments of the life of a process. However it
// ends, each service that has started has stopped, in the reverse order, unless a
// second signal ended the process.
func TestSoakSignals(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	ends := map[string]int{}
	for end := time.Now().Add(soakTime(t, 2*time.Second)); time.Now().Before(end) && !t.Failed(); {
		ends[soakOnce(t, random)]++
	}
	t.Logf("seed %d: %v", seed, ends)
}

// soakOnce runs one process and returns how it ended.
func soakOnce(t *testing.T, random *rand.Rand) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), scenarioVariable+"=soak")
	cmd.Dir = t.TempDir()
	output := firstWrite{seen: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if random.IntN(4) > 0 { // else the program may not have begun yet
		select {
		case <-output.seen:
		case <-ctx.Done():
			t.Fatal("the program writes nothing")
		}
	}
	begin := time.Now()
	var sent []syscall.Signal
	var at []time.Duration
	for range 1 + random.IntN(3) {
		pause(random, 40*time.Millisecond)
		sig := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT}[random.IntN(3)]
		sent, at = append(sent, sig), append(at, time.Since(begin))
		if err := cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
	}
	_ = cmd.Wait() // the code says it
	end, problem := soakEnd(cmd.ProcessState, sent, output.text.String())
	if problem != "" {
		t.Errorf("%s: %s\nsent %v at %v\n%s", end, problem, sent, at, &output.text)
	}
	return end
}

// firstWrite is the output of a process, which can be read when that has ended.
type firstWrite struct {
	text bytes.Buffer
	seen chan struct{} // closed by the first write
}

func (f *firstWrite) Write(p []byte) (int, error) {
	if f.text.Len() == 0 {
		close(f.seen)
	}
	return f.text.Write(p)
}

// soakEnd tells how a process ended, and what is wrong with that.
func soakEnd(state *os.ProcessState, sent []syscall.Signal, output string) (end, problem string) {
	code := state.ExitCode()
	status, ok := state.Sys().(syscall.WaitStatus)
	killed := ok && status.Signaled() // its usual effect: before the host listens, or after it has stopped
	dumped := code == 2 && slices.Contains(sent, syscall.SIGQUIT) && strings.Contains(output, "SIGQUIT: quit")
	running := soakRunning(output)
	switch {
	case strings.Contains(output, "panic:") || strings.Contains(output, "left behind") || strings.Contains(output, "WARNING: DATA RACE"):
		return "broken", "this must not happen"
	case killed && status.Signal() == syscall.SIGKILL:
		return "hung", "it did not end within 30s"
	case killed || dumped:
		if len(running) > 0 {
			return "killed", fmt.Sprintf("%q were running", running)
		}
		return "killed", ""
	case code >= 128:
		if len(sent) == 1 || !slices.Contains(sent[1:], syscall.Signal(code-128)) {
			return "impatient", fmt.Sprintf("exit code %d, which no second signal asked for", code)
		}
		return "second signal", ""
	case code != 0:
		return "failed", fmt.Sprintf("exit code %d", code)
	case len(running) > 0:
		return "stopped", fmt.Sprintf("%q have started and not stopped", running)
	default:
		return "stopped", soakOrder(output)
	}
}

// soakRunning lists the services that have started and not stopped.
func soakRunning(output string) []string {
	var running []string
	for line := range strings.Lines(output) {
		name, what, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch what {
		case "started":
			running = append(running, name)
		case "stopped":
			running = slices.DeleteFunc(running, func(other string) bool { return other == name })
		}
	}
	return running
}

// soakOrder says what is wrong with the order in which services started and
// stopped; "" if nothing is. A service that gave up its start may be stopped, too.
func soakOrder(output string) string {
	order := []string{"hook", "a", "b", "c", "loop"}
	var started, stopped []string
	for line := range strings.Lines(output) {
		name, what, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch what {
		case "starts":
			started = append(started, name)
		case "stops":
			stopped = append(stopped, name)
		}
	}
	if !slices.Equal(started, order[:len(started)]) {
		return fmt.Sprintf("they started as %q", started)
	}
	slices.Reverse(stopped)
	if len(stopped) > len(started) || !slices.Equal(stopped, order[:len(stopped)]) {
		return fmt.Sprintf("they started as %q and stopped, in reverse, as %q", started, stopped)
	}
	return ""
}
