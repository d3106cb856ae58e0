package host

import (
	"errors"
	"fmt"
	"time"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/hosted"
)

// Options of a host (.NET: HostOptions). They come from configuration; code
// that changes them has the last word ([Builder.ConfigureOptions]). Injectable
// as *Options.
type Options struct {
	// StartupTimeout, ShutdownTimeout, ServicesStartConcurrently,
	// ServicesStopConcurrently and StopWhenDone, from the keys
	// startupTimeoutSeconds, shutdownTimeoutSeconds, servicesStartConcurrently
	// and servicesStopConcurrently; the last one is set by code only.
	//
	// In [Builder.Run] the startup timeout counts from before the first
	// constructor.
	hosted.Options

	// DrainDelay is how long the host waits between a signal and the stop of the
	// services, so that whoever sends it work can take notice. From the key
	// drainDelaySeconds. Default 0.
	DrainDelay time.Duration

	// ReloadConfigOnChange has a [config.Watcher] reload the configuration when
	// one of its files changes (CF-2). From the key
	// hostBuilder:reloadConfigOnChange. Default true. Without any source of files
	// there is no Watcher.
	ReloadConfigOnChange bool
}

// optionKeys are the keys of Options, at the root of the configuration.
type optionKeys struct {
	StartupTimeoutSeconds     *uint32
	ShutdownTimeoutSeconds    *uint32
	DrainDelaySeconds         *uint32
	ServicesStartConcurrently *bool
	ServicesStopConcurrently  *bool
	HostBuilder               hostBuilderKeys
}

type hostBuilderKeys struct {
	ReloadConfigOnChange  *bool
	UsePollingFileWatcher *bool // the Watcher reads it
}

func newOptions(configuration *config.Manager, configure []func(*Options)) (*Options, error) {
	var keys optionKeys
	if err := configuration.Bind("", &keys); err != nil {
		return nil, err
	}
	o := &Options{ReloadConfigOnChange: true}
	seconds(&o.StartupTimeout, keys.StartupTimeoutSeconds)
	seconds(&o.ShutdownTimeout, keys.ShutdownTimeoutSeconds)
	seconds(&o.DrainDelay, keys.DrainDelaySeconds)
	set(&o.ServicesStartConcurrently, keys.ServicesStartConcurrently)
	set(&o.ServicesStopConcurrently, keys.ServicesStopConcurrently)
	set(&o.ReloadConfigOnChange, keys.HostBuilder.ReloadConfigOnChange)
	if value := keys.ShutdownTimeoutSeconds; value != nil && *value == 0 {
		return nil, errors.New("config: shutdownTimeoutSeconds: 0: leaves services no time to stop; " +
			"give 1 or more, or leave the key out for the default of 30")
	}
	for _, f := range configure {
		f(o)
	}
	for _, limit := range []struct {
		name  string
		value time.Duration
	}{
		{"StartupTimeout", o.StartupTimeout}, {"ShutdownTimeout", o.ShutdownTimeout}, {"DrainDelay", o.DrainDelay},
	} {
		if limit.value < 0 {
			return nil, fmt.Errorf("host: Options.%s: %v: must not be less than zero", limit.name, limit.value)
		}
	}
	if o.ShutdownTimeout == 0 {
		o.ShutdownTimeout = hosted.DefaultShutdownTimeout
	}
	return o, nil
}

func seconds(to *time.Duration, from *uint32) {
	if from != nil {
		*to = time.Duration(*from) * time.Second
	}
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}
