package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/probe"
)

// probeLimit bounds --probe.
const probeLimit = 5 * time.Second

// tellProbe answers --probe: it asks the program that runs with the same settings, of
// which it needs only the address. It says nothing if the probe passes.
func (b *Builder) tellProbe(name string, _ *bytes.Buffer) error {
	err := b.check("Run")
	if err == nil {
		err = askProbe(b, name)
	}
	if err != nil {
		return fmt.Errorf("host: --probe %s: %w", name, err)
	}
	return nil
}

func askProbe(b *Builder, name string) error {
	urls, _ := b.Configuration.Get(probe.Key)
	addresses, err := probe.Addresses(urls)
	switch {
	case err != nil:
		return fmt.Errorf("config: %s: %w", probe.Key, err)
	case len(addresses) == 0:
		return errors.New(probe.Key + " is not set, so that there is nothing to ask: set it for the program, with health.Use() " +
			"in it, and for the probe")
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), probeLimit, &hosted.TimeoutError{Name: "probe", Limit: probeLimit})
	defer cancel()
	return probe.Ask(ctx, addresses[0], name)
}
