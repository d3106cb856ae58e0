package host

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/fxhost/fxhost/hosted"
)

// ConsoleLifetime stops the host at SIGINT (Ctrl-C), SIGTERM and SIGQUIT
// (.NET: ConsoleLifetime). A second signal ends the process at once, with 128
// and the signal's number as its exit code: 130 for SIGINT, 143 for SIGTERM.
// Signals that come within 20 ms of the first count as one: a program that signals
// a process and its group, as timeout(1) does, sends two and means one.
//
// SIGHUP keeps its default effect. SIGPIPE does not: when the reader of the log has
// gone, writing fails, and the host continues. The zero value is ready, for one host.
type ConsoleLifetime struct {
	signals chan os.Signal
	pipe    chan os.Signal // what comes here is not looked at
	over    chan struct{}
	done    chan struct{} // closed when listen has returned
}

// WaitForStart begins to listen and returns at once.
func (c *ConsoleLifetime) WaitForStart(_ context.Context, stop func(cause error)) error {
	c.signals = make(chan os.Signal, 2)
	c.over = make(chan struct{})
	c.done = make(chan struct{})
	c.outlivePipe()
	signal.Notify(c.signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT)
	go c.listen(stop)
	return nil
}

// outlivePipe keeps SIGPIPE from ending the process.
func (c *ConsoleLifetime) outlivePipe() {
	c.pipe = make(chan os.Signal, 1)
	signal.Notify(c.pipe, syscall.SIGPIPE)
}

// Stop gives the signals their usual effect back.
func (c *ConsoleLifetime) Stop(context.Context, error) error {
	signal.Stop(c.signals)
	signal.Stop(c.pipe)
	close(c.over)
	<-c.done
	return nil
}

func (c *ConsoleLifetime) listen(stop func(error)) {
	defer close(c.done)
	select {
	case sig := <-c.signals:
		c.passOver(repeats)
		stop(reason(sig))
	case <-c.over:
		return
	}
	select {
	case sig := <-c.signals:
		exitNow(sig)
	case <-c.over:
	}
}

func reason(sig os.Signal) error {
	if number, ok := sig.(syscall.Signal); ok {
		return hosted.StopSignal{Signal: number}
	}
	return hosted.StopReason(fmt.Sprintf("%v signal received", sig))
}

// repeats is how long signals count as the first one. The stop is asked for only
// after that, so that nobody can have seen it when sending one of them.
const repeats = 20 * time.Millisecond

func (c *ConsoleLifetime) passOver(limit time.Duration) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		select {
		case <-c.signals:
		case <-timer.C:
			return
		}
	}
}

// exitNow ends the process for a user who does not want to wait any longer.
func exitNow(sig os.Signal) {
	code := 1
	if number, ok := sig.(syscall.Signal); ok {
		code = 128 + int(number)
	}
	fmt.Fprintf(os.Stderr, "host: second signal (%v): exit at once\n", sig)
	os.Exit(code) // the one exit outside of main, on the user's demand
}
