package health_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/health"
	"github.com/fxhost/fxhost/hosted"
)

// The tests of signals and switches run the test binary again as this program. It
// tells what it does by lines on stdout, and waits for lines on stdin.

const programVariable = "HEALTH_PROGRAM"

func program() {
	builder := host.NewBuilder(os.Args[1:])
	builder.Add(
		hosted.AddHostedService[*slow](func(h *health.Health, l *hosted.ApplicationLifetime) *slow {
			fmt.Println("constructed")
			return &slow{h, l}
		}),
		health.Use(), // its place does not matter
	)
	err := builder.Run(context.Background())
	fmt.Println("returned")
	os.Exit(host.ExitCode(err))
}

// slow is a service that starts and stops when it is told to.
type slow struct {
	health   *health.Health
	lifetime *hosted.ApplicationLifetime
}

func (s *slow) StartAsync(context.Context) error {
	say("starting at " + strings.Join(s.health.Addresses(), " "))
	return nil
}

func (s *slow) DrainingAsync(context.Context) error {
	say("draining")
	s.lifetime.StopApplication(nil) // it is long enough
	return nil
}

func (s *slow) StopAsync(context.Context) error {
	say("stopping")
	return nil
}

// say says something and waits for an answer.
func say(text string) {
	fmt.Println(text)
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
}
