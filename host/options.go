package host

import (
	"errors"
	"time"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/hosted"
)

// Options of a host (.NET: HostOptions). They come from the configuration; code
// overrides them by [Builder.ConfigureOptions]. Injectable as *Options.
type Options struct {
	// StartupTimeout, ShutdownTimeout, DrainDelay, ServicesStartConcurrently,
	// ServicesStopConcurrently and StopWhenDone, from the keys
	// startupTimeoutSeconds, shutdownTimeoutSeconds, drainDelaySeconds,
	// servicesStartConcurrently and servicesStopConcurrently; the last one is set by
	// code only.
	//
	// In [Builder.Run] the startup timeout counts from before the first
	// constructor.
	hosted.Options

	// ReloadConfigOnChange makes a [config.Watcher] reload the configuration when
	// one of its files changes. From the key hostBuilder:reloadConfigOnChange.
	// Default true. Without a source of files there is no Watcher.
	ReloadConfigOnChange bool

	// AllowUnreadSettings lets the host start although settings of the command line,
	// or variables FXHOST_*, are read by nothing that was constructed; otherwise they
	// are an error, since they may be misspelt. It is set by code only, for programs
	// that read settings after the start. Those in files are a warning unless it is
	// set.
	AllowUnreadSettings bool
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
	if err := o.Validate(); err != nil {
		return nil, err
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
