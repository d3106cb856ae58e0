//go:build unix

package host_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/web"
)

// The tests of signals and exit codes run the test binary again as one of
// these programs. They tell what they do by lines on stdout, and wait for a
// line on stdin where a test needs them to.

const scenarioVariable = "E2E_SCENARIO"

func say(text string) { fmt.Println(text) }

func hear() { _, _ = bufio.NewReader(os.Stdin).ReadString('\n') }

// events is a service that says what happens to it.
type events struct {
	name        string
	start, stop func(ctx context.Context) error
}

func (e *events) StartAsync(ctx context.Context) error {
	say(e.name + " start")
	if e.start != nil {
		return e.start(ctx)
	}
	return nil
}

func (e *events) StopAsync(ctx context.Context) error {
	say(e.name + " stop")
	if e.stop != nil {
		return e.stop(ctx)
	}
	return nil
}

func service(e *events) fx.Option { return hosted.AddInstance(e, hosted.Name(e.name)) }

func hang(context.Context) error { select {} }

// untilTold waits for a line on stdin.
func untilTold(ctx context.Context) error {
	heard := make(chan struct{})
	go func() {
		hear()
		close(heard)
	}()
	select {
	case <-heard:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func scenarios() map[string][]fx.Option {
	first := service(&events{name: "first"})
	slow := fx.Invoke(func(fx.Lifecycle) {
		say("constructing")
		hear()
	})
	hook := func(start, stop func(context.Context) error) fx.Option {
		return fx.Invoke(func(lifecycle fx.Lifecycle) {
			e := &events{name: "hook", start: start, stop: stop}
			lifecycle.Append(fx.Hook{OnStart: e.StartAsync, OnStop: e.StopAsync})
		})
	}
	return map[string][]fx.Option{
		"plain":            {first},
		"servers":          {web.AddServer("Public", http.NotFoundHandler), web.AddServer("an-internal_server", http.NotFoundHandler)},
		"missing type":     {fx.Invoke(func(*coded) {})},
		"constructor":      {fx.Invoke(func() { say("constructed") })},
		"soak":             soakServices(),
		"configured":       {config.Configure[workerSettings]("Worker"), first},
		"quiet end":        {first},
		"slow constructor": {first, slow},
		"quiet failure": {fx.Invoke(func() error {
			say("constructing")
			hear()
			return errors.New("boom")
		})},
		"quiet bad settings":   {},
		"fatal outside of Run": {},
		"slow start":           {hook(nil, nil), hook(untilEnded, nil)},
		"slow stop":            {hook(nil, nil), hook(nil, untilTold)},
		"hung stop":            {first, service(&events{name: "second", stop: hang})},
		"fault":                {first, background.Func("faulty", func(context.Context) error { return errors.New("boom") })},
		"coded fault":          {first, background.Func("faulty", func(context.Context) error { return coded{} })},
		"start failure": {first, service(&events{name: "second", start: func(context.Context) error {
			return errors.New("boom")
		}})},
		"panic in start": {first, service(&events{name: "second", start: func(context.Context) error {
			panic("boom")
		}})},
		"one shot":             {first, background.Func("migrate", untilEnded)},
		"panic in loop":        {first, background.Func("faulty", func(context.Context) error { panic("boom") })},
		"panic in constructor": {first, fx.Invoke(func() { panic("boom") })},
		"shutdowner": {first, fx.Invoke(func(s fx.Shutdowner) error {
			return errors.Join(s.Shutdown(fx.ExitCode(3)), s.Shutdown(fx.ExitCode(4)))
		})},
	}
}

func TestMain(m *testing.M) {
	name := os.Getenv(scenarioVariable)
	if name == "" {
		goleak.VerifyTestMain(m)
	}
	options, ok := scenarios()[strings.TrimPrefix(strings.TrimPrefix(name, "fx: "), "fx.Run: ")]
	if !ok {
		panic(name)
	}
	options = append(options, fx.Invoke(func(lifecycle fx.Lifecycle) {
		lifecycle.Append(fx.Hook{
			OnStart: func(context.Context) error { say("started"); return nil },
			OnStop:  func(context.Context) error { say("stopping"); return nil },
		})
	}))
	if strings.HasPrefix(name, "fx.Run: ") { // the same on plain fx
		fx.New(append(options, fx.NopLogger, hosted.Module())...).Run()
		say("deferred")
		os.Exit(0)
	}
	if strings.HasPrefix(name, "fx: ") {
		os.Exit(plainFx(fx.New(append(options, fx.NopLogger, fx.StopTimeout(time.Second), hosted.Module())...)))
	}
	if name == "quiet bad settings" {
		say("reading")
		hear()
	}
	builder := host.NewBuilder(os.Args[1:], config.Switches(map[string]string{"-v": "version"}))
	builder.Add(options...)
	if name == "fatal outside of Run" {
		var log *zap.Logger
		builder.Add(fx.Populate(&log))
		if _, err := builder.Build(); err == nil {
			log.Fatal("no license")
		}
		say("went on")
	}
	builder.ConfigureOptions(func(o *host.Options) { o.StopWhenDone = name == "one shot" })
	err := builder.Run(context.Background())
	if strings.HasPrefix(name, "quiet ") { // the signal has its usual effect again
		os.Exit(host.ExitCode(err))
	}
	say("deferred")
	if err != nil {
		say("run: " + err.Error())
	}
	os.Exit(host.ExitCode(err))
}

// plainFx does what Run of fx.App does, and says when it begins to listen to
// signals.
func plainFx(app *fx.App) int {
	start, cancel := context.WithTimeout(context.Background(), app.StartTimeout())
	defer cancel()
	if app.Start(start) != nil {
		return 1
	}
	wait := app.Wait()
	say("listening")
	<-wait
	stop, cancel := context.WithTimeout(context.Background(), app.StopTimeout())
	defer cancel()
	if app.Stop(stop) != nil {
		return 1
	}
	return 0
}

// process is a scenario that runs.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdin  io.Writer
	stdout io.Closer
	lines  *bufio.Scanner
	output strings.Builder
}

func run(t *testing.T, scenario string, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), scenarioVariable+"="+scenario)
	cmd.Dir = t.TempDir()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &process{t: t, cmd: cmd, stdin: stdin, stdout: output, lines: bufio.NewScanner(output)}
}

// until reads lines up to one that ends with text.
func (p *process) until(text string) *process {
	p.t.Helper()
	for p.lines.Scan() {
		p.output.WriteString(p.lines.Text() + "\n")
		if strings.HasSuffix(p.lines.Text(), text) {
			return p
		}
	}
	p.t.Fatalf("no line %q in\n%s", text, p.output.String())
	return p
}

func (p *process) signal(sig syscall.Signal) *process {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
	return p
}

// goOn has what hears return.
func (p *process) goOn() *process {
	p.t.Helper()
	if _, err := io.WriteString(p.stdin, "go\n"); err != nil {
		p.t.Fatal(err)
	}
	return p
}

// exit waits for the end and compares the exit code; a process killed by a
// signal has 128 and its number, as in a shell.
func (p *process) exit(code int) string {
	p.t.Helper()
	for p.lines.Scan() {
		p.output.WriteString(p.lines.Text() + "\n")
	}
	_ = p.cmd.Wait() // the code says it
	got := p.cmd.ProcessState.ExitCode()
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		got = 128 + int(status.Signal())
	}
	if got != code {
		p.t.Errorf("exit code %d, want %d\n%s", got, code, p.output.String())
	}
	return p.output.String()
}

func contains(t *testing.T, output string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(output, text) {
			t.Errorf("no %q in\n%s", text, output)
		}
	}
}

func lacks(t *testing.T, output string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(output, text) {
			t.Errorf("%q in\n%s", text, output)
		}
	}
}

// CL-2, CL-3, CL-8.
func TestASignalStopsTheHostWithExitCode0(t *testing.T) {
	t.Parallel()
	t.Run("plain fx does not know SIGQUIT", func(t *testing.T) { // F12
		t.Parallel()
		lacks(t, run(t, "fx: plain").until("listening").signal(syscall.SIGQUIT).exit(2), "first stop")
	})
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			output := run(t, "plain").until("started").signal(sig).exit(0)
			contains(t, output, "stopping\nfirst stop\n", "deferred", sig.String()+" signal received")
		})
	}
}

// F3, CL-1: signals are listened to before the first constructor.
func TestSIGTERMDuringASlowConstructor(t *testing.T) {
	t.Parallel()
	t.Run("plain fx dies at once", func(t *testing.T) {
		t.Parallel()
		run(t, "fx: slow constructor").until("constructing").signal(syscall.SIGTERM).exit(143)
	})
	t.Run("nothing is started", func(t *testing.T) {
		t.Parallel()
		output := run(t, "slow constructor").until("constructing").
			signal(syscall.SIGTERM).until(`{"reason": "terminated signal received"}`).goOn().exit(0)
		lacks(t, output, "first start", "\nstarted\n")
		contains(t, output, "deferred")
	})
	t.Run("one that does not return is left behind and named", func(t *testing.T) {
		t.Parallel()
		output := run(t, "slow constructor", "--shutdownTimeoutSeconds", "1").until("constructing").
			signal(syscall.SIGTERM).exit(1)
		contains(t, output, "run: host: build: host_test.scenarios.func1, given to fx.Invoke, has not returned: 1s shutdown timeout reached")
	})
	t.Run("a second signal ends it at once", func(t *testing.T) {
		t.Parallel()
		run(t, "slow constructor").until("constructing").
			signal(syscall.SIGTERM).until(`{"reason": "terminated signal received"}`).
			signal(syscall.SIGTERM).exit(143)
	})
}

// F6: the startup timeout covers the constructors, too. Which one it meets is that of a
// busy machine.
func TestTheStartupTimeoutCoversConstructors(t *testing.T) {
	t.Parallel()
	output := run(t, "slow constructor", "--startupTimeoutSeconds=1").exit(1)
	contains(t, output, "1s startup timeout reached")
}

// F3, ST-20, rule 4.
func TestSIGTERMDuringStart(t *testing.T) {
	t.Parallel()
	t.Run("plain fx runs no stop hook", func(t *testing.T) {
		t.Parallel()
		output := run(t, "fx: slow start").until("hook start").until("hook start").signal(syscall.SIGTERM).exit(143)
		lacks(t, output, "hook stop")
	})
	t.Run("rolls back and exits with 0", func(t *testing.T) {
		t.Parallel()
		output := run(t, "slow start").until("hook start").until("hook start").signal(syscall.SIGTERM).exit(0)
		contains(t, output, "hook stop", "deferred")
		lacks(t, output, "\nstarted\n")
	})
}

// F4, CL-4: here the second signal counts.
func TestASecondSignalDuringStop(t *testing.T) {
	t.Parallel()
	for sig, code := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			output := run(t, "slow stop").until("started").signal(syscall.SIGTERM).
				until("hook stop").signal(sig).exit(code)
			lacks(t, output, "deferred")
		})
	}
	t.Run("plain fx swallows it", func(t *testing.T) {
		t.Parallel()
		run(t, "fx: slow stop").until("listening").signal(syscall.SIGTERM).
			until("hook stop").signal(syscall.SIGTERM).exit(1) // after fx's stop timeout
	})
}

// timeout(1) signals its child and then the group.
func TestSignalsAtOnceCountAsOne(t *testing.T) {
	t.Parallel()
	output := run(t, "slow stop").until("started").signal(syscall.SIGINT).signal(syscall.SIGTERM).
		until("hook stop").goOn().exit(0)
	contains(t, output, "deferred", "signal received") // of either: the system may deliver them in any order
}

// Whoever reads the log may go away.
func TestTheHostOutlivesTheReaderOfItsLog(t *testing.T) {
	t.Parallel()
	p := run(t, "quiet end").until("started")
	if err := p.stdout.Close(); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGTERM).exit(0)
}

// What fails then is reported to nobody, and is the exit code all the same.
func TestAFailureToBuildIsTheExitCodeWithoutAReaderOfTheLog(t *testing.T) {
	t.Parallel()
	t.Run("constructor", func(t *testing.T) {
		t.Parallel()
		p := run(t, "quiet failure").until("constructing")
		if err := p.stdout.Close(); err != nil {
			t.Fatal(err)
		}
		p.goOn().exit(1)
	})
	t.Run("configuration", func(t *testing.T) {
		t.Parallel()
		p := run(t, "quiet bad settings", "--shutdownTimeoutSeconds=soon").until("reading")
		if err := p.stdout.Close(); err != nil {
			t.Fatal(err)
		}
		p.goOn().exit(1)
	})
}

// Rule 6, F5: bounded, named, and the others are stopped.
func TestAServiceThatNeverStopsIsLeftBehind(t *testing.T) {
	t.Parallel()
	output := run(t, "hung stop", "--shutdownTimeoutSeconds=1").until("started").signal(syscall.SIGTERM).exit(1)
	contains(t, output, "first stop", "service left behind", `"service": "second"`,
		`run: host: stop service "second": 1s shutdown timeout reached, left behind`)
}

// Rule 9, RN-3, BG-15, F11: the fault is Run's error, and main's own code runs.
func TestAFaultIsTheExitCode(t *testing.T) {
	t.Parallel()
	for scenario, code := range map[string]int{"fault": 1, "coded fault": 7, "panic in loop": 1} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			output := run(t, scenario).exit(code)
			contains(t, output, "first stop", "deferred", `run: host: run service "faulty": `)
		})
	}
}

func TestAStartFailureExitsWith1(t *testing.T) {
	t.Parallel()
	t.Run("plain fx ends main in the middle", func(t *testing.T) { // F11
		t.Parallel()
		lacks(t, run(t, "fx.Run: start failure").exit(1), "deferred")
	})
	for scenario, text := range map[string]string{
		"start failure":        `run: host: start service "second": boom`,
		"panic in start":       `run: host: start service "second": panic: boom`,
		"panic in constructor": "run: host: build: constructor at ",
	} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			output := run(t, scenario).exit(1)
			contains(t, output, text, "boom", "deferred")
			lacks(t, output, "\nstarted\n")
		})
	}
}

// Nobody would stop the host.
func TestFatalOutsideOfRunEndsTheProcess(t *testing.T) {
	t.Parallel()
	output := run(t, "fatal outside of Run").exit(1)
	contains(t, output, "no license")
	lacks(t, output, "went on")
}

// F12, F13: the first call of the Shutdowner decides.
func TestShutdownersExitCode(t *testing.T) {
	t.Parallel()
	output := run(t, "shutdowner").exit(3)
	contains(t, output, "deferred")
}

// Rule 10: a deployment sees that its migration was cut short.
func TestASignalThatCutsWorkShortIsTheExitCode(t *testing.T) {
	t.Parallel()
	for sig, code := range map[syscall.Signal]int{syscall.SIGTERM: 143, syscall.SIGINT: 130} {
		output := run(t, "one shot").until("started").signal(sig).exit(code)
		contains(t, output, "first stop\n", "deferred",
			fmt.Sprintf(`run: host: stopped before its work was done (%v signal received): services ["migrate"]`, sig))
	}
}
