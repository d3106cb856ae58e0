package host

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/fxhost/fxhost/hosted"
)

// ConsoleLifetime stops the host at SIGINT (Ctrl-C), SIGTERM and SIGQUIT
// (.NET: ConsoleLifetime). A second signal ends the process at once, with 128
// and the signal's number as its exit code: 130 for SIGINT, 143 for SIGTERM.
//
// SIGHUP keeps its usual effect. The zero value is ready, for one host.
type ConsoleLifetime struct {
	signals chan os.Signal
	over    chan struct{}
	done    chan struct{} // closed when listen has returned
}

// WaitForStart begins to listen and returns at once.
func (c *ConsoleLifetime) WaitForStart(_ context.Context, stop func(cause error)) error {
	c.signals = make(chan os.Signal, 2)
	c.over = make(chan struct{})
	c.done = make(chan struct{})
	signal.Notify(c.signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT)
	go c.listen(stop)
	return nil
}

// Stop gives the signals their usual effect back.
func (c *ConsoleLifetime) Stop(context.Context, error) error {
	signal.Stop(c.signals)
	close(c.over)
	<-c.done
	return nil
}

func (c *ConsoleLifetime) listen(stop func(error)) {
	defer close(c.done)
	for received := 0; ; received++ {
		select {
		case sig := <-c.signals:
			if received > 0 {
				exitNow(sig)
			}
			stop(hosted.StopReason(fmt.Sprintf("%v signal received", sig)))
		case <-c.over:
			return
		}
	}
}

// exitNow is for the user who does not want to wait for the stop any longer.
func exitNow(sig os.Signal) {
	code := 1
	if number, ok := sig.(syscall.Signal); ok {
		code = 128 + int(number)
	}
	fmt.Fprintf(os.Stderr, "host: second signal (%v): exit at once\n", sig)
	os.Exit(code) // the one exit outside of main, on the user's demand
}
