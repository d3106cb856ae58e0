package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/internal/caller"
	"github.com/fxhost/fxhost/logging"
)

// ErrBuilt is returned by a second Build or Run of one builder.
var ErrBuilt = errors.New("host: the builder has built its host already: make another one with NewBuilder")

// errNeverBegun is in the error of a host whose context has ended while its
// Lifetime waited for the start: a normal end of Run.
var errNeverBegun = errors.New("host: stopped before the start")

// Builder collects the parts of a host (.NET: HostApplicationBuilder). [NewBuilder]
// and [NewEmptyBuilder] return one. It builds one host and is not safe for concurrent
// use.
type Builder struct {
	// Configuration has the sources of [NewBuilder]; sources that are added
	// override them and take effect immediately.
	Configuration *config.Manager
	// Environment was read from the configuration by [NewBuilder]; changes reach
	// the application, but not the choice of files that were read.
	Environment *Environment
	// Logging has the settings of the logger that only code can give.
	Logging *logging.Settings

	options   []fx.Option
	configure []func(*Options)
	arguments map[string]any // what the command line sets
	answers   []answer       // to switches of the command line
	lifetime  Lifetime
	fatal     fatalHook
	err       error
	built     bool
}

// NewBuilder returns a builder with the usual configuration, in this order, so
// that the last one wins:
//
//   - the defaults of "environment", "contentRoot" and "applicationName"
//   - environment variables FXHOST_*, and args, for "environment",
//     "contentRoot" and "applicationName"
//   - appsettings.{json,yaml,yml,toml} in the content root
//   - appsettings.{Environment}.{json,yaml,yml,toml}
//   - {ApplicationName}.settings and {ApplicationName}.settings.{Environment} with
//     the same extensions
//   - in Development, [config.UserSecrets] of the application
//   - all environment variables; "__" in a name stands for ":"
//   - args: --key value, --key=value, --flag, --no-flag
//
// args are those of the program, without its name; opts are those of
// [config.CommandLine], such as short switches. What is wrong with a source is the
// error of Build, and so is an argument or a variable FXHOST_* that nothing in the
// program reads ([Options.AllowUnreadSettings]). The files are watched while the
// host runs, see [Options.ReloadConfigOnChange]. Some switches are no settings:
// [Builder.Run] answers them.
func NewBuilder(args []string, opts ...config.CommandLineOption) *Builder {
	b := NewEmptyBuilder()
	b.answers = answers()
	b.arguments, _ = config.CommandLine(args, opts...).Load() // b.add has the error
	b.add(b.Environment.source(), config.Environment("FXHOST_", nil), config.CommandLine(args, opts...))
	b.setEnvironment()
	e := b.Environment
	b.Configuration.SetBasePath(e.ContentRoot)
	sources := slices.Concat(config.AppSettings(e.ContentRoot, e.Name),
		config.ApplicationSettings(e.ContentRoot, e.ApplicationName, e.Name))
	if e.IsDevelopment() {
		sources = append(sources, config.UserSecrets(e.ApplicationName))
	}
	b.add(append(sources, config.Environment("", nil), config.CommandLine(args, opts...))...)
	return b
}

// NewEmptyBuilder returns a builder without any source of configuration
// (.NET: Host.CreateEmptyApplicationBuilder). It still listens to signals.
func NewEmptyBuilder() *Builder {
	b := &Builder{
		Configuration: &config.Manager{},
		Logging:       &logging.Settings{},
		lifetime:      &ConsoleLifetime{},
	}
	b.setEnvironment()
	return b
}

func (b *Builder) add(sources ...config.Source) {
	// The first error is enough: what failed is missing for those that follow.
	if b.err == nil {
		b.err = buildFailed(b.Configuration.Add(sources...))
	}
}

func (b *Builder) setEnvironment() {
	environment, err := newEnvironment(b.Configuration)
	if err != nil {
		environment = &Environment{Name: Production}
		b.err = errors.Join(b.err, buildFailed(err))
	}
	b.Environment = environment
}

// Add adds options of fx: constructors, modules, hosted services. It panics
// after Build, when it would have no effect.
func (b *Builder) Add(options ...fx.Option) {
	b.notBuilt("Add")
	for i, option := range options {
		if option == nil {
			b.err = errors.Join(b.err, fmt.Errorf("host: Builder.Add at %v: option %d is nil", caller.Here(), i+1))
			continue
		}
		b.options = append(b.options, option)
	}
}

func (b *Builder) notBuilt(method string) {
	if b.built {
		panic("host: Builder." + method + " after Build has no effect: call it before")
	}
}

// ConfigureOptions has configure change the host's options, after the
// configuration was read (.NET: ConfigureHostOptions). Several run in the order
// in which they were added.
func (b *Builder) ConfigureOptions(configure func(*Options)) {
	b.notBuilt("ConfigureOptions")
	if configure == nil {
		b.err = errors.Join(b.err, fmt.Errorf("host: Builder.ConfigureOptions at %v: function is nil", caller.Here()))
		return
	}
	b.configure = append(b.configure, configure)
}

// UseLifetime replaces the [ConsoleLifetime]. nil stands for none: then only
// the program itself stops the host.
func (b *Builder) UseLifetime(lifetime Lifetime) {
	b.notBuilt("UseLifetime")
	if lifetime == nil {
		lifetime = noLifetime{}
	}
	b.lifetime = lifetime
}

// Build builds the host: it runs the constructors of all hosted services and of
// their dependencies, and starts nothing. The error names the constructor, its line,
// and what to write instead. The error of a second call is [ErrBuilt].
//
// The host handles signals from the start of Build to the end of [Host.Stop].
func (b *Builder) Build() (*Host, error) {
	h, err := b.prepare(context.Background(), "Build")
	if err != nil {
		return nil, err
	}
	if err := h.construct(h.graph(b.options), b.options); err != nil {
		return nil, h.finish(context.Background(), err)
	}
	return h, nil
}

// Validate checks that fx could build the application, without running any
// constructor. Build does it, too, by running them; this is for a test, and may
// be called before Build.
func (b *Builder) Validate() error {
	if err := b.check("Validate"); err != nil {
		return err
	}
	options, log, err := b.read()
	if err != nil {
		return err
	}
	h := newHost(b, options, log)
	defer h.release()
	return h.validate(b.options)
}

// Run builds the host and runs it until it has stopped, see [Host.Run]. What
// goes wrong is logged and returned.
//
// Unlike Build, it does not wait forever for a constructor that does not return: it
// waits for the startup timeout at most, and for the shutdown timeout once a stop was
// requested. Go cannot end a function from outside: the constructor that was left behind
// goes on, and those after it still run if it returns, with a configuration and a
// logger that are closed. Nothing that they register is started.
//
// Run answers these switches of the command line on stdout, and returns without
// calling any constructor, unless it says so; what is wrong is written to stderr and returned:
//
//	--version                   name and version of the program, Go version, revision
//	--check                     reads and checks all settings and the graph
//	--check=build               the same, and calls the constructors
//	--probe live|ready|startup  asks the program that runs with the same Health:Urls
//	--print-manifest            a Deployment of Kubernetes that fits the program
//	--print-unit                a unit of systemd that fits the program
//
// A switch that takes no value and is given one, such as --version=2, is a setting, and
// so is a switch to which [config.Switches] gives a key of the program's own.
// [Builder.DisableSwitches] turns off the others. Build and [Module] answer none:
// there, they are settings that nothing reads.
func (b *Builder) Run(ctx context.Context) error {
	if a, value, ok := b.asked(); ok && !b.built {
		b.built = true
		return b.answer(a, value)
	}
	h, err := b.prepare(ctx, "Run")
	if errors.Is(err, errNeverBegun) {
		return nil
	}
	if err != nil {
		// The console has not begun to look after signals.
		if console, ok := b.lifetime.(*ConsoleLifetime); ok {
			console.outlivePipe()
			defer signal.Stop(console.pipe)
		}
		return reported(b.bootstrap().Named("fxhost"), err)
	}
	if limit := h.options.StartupTimeout; limit > 0 {
		h.startBy = time.Now().Add(limit)
	}
	h.fatal.running.Store(h.stopping)
	if err := h.constructWithin(ctx, b.options); err != nil {
		return h.finish(ctx, reported(h.log, err)) // finish closes the log, and stops looking after signals
	}
	return h.Run(ctx)
}

// name is that of the application, also when there is no Environment.
func (b *Builder) name() string {
	if b.Environment == nil || b.Environment.ApplicationName == "" {
		return executable()
	}
	return b.Environment.ApplicationName
}

// bootstrap returns the logger for errors that come before there is a configuration.
func (b *Builder) bootstrap() *zap.Logger {
	var settings logging.Settings
	if b.Logging != nil {
		settings.Output, settings.Formatter, settings.Options = b.Logging.Output, b.Logging.Formatter, b.Logging.Options
	}
	if settings.Output == nil {
		settings.Output = os.Stderr
	}
	log, err := logging.New(nil, settings)
	if err != nil {
		settings.Formatter = "" // all that could fail without a configuration
		log, _ = logging.New(nil, settings)
	}
	return log
}

// prepare makes all that the application is built with.
func (b *Builder) prepare(ctx context.Context, method string) (*Host, error) {
	if b.built {
		return nil, ErrBuilt
	}
	b.built = true
	if ctx == nil {
		return nil, fmt.Errorf("host: Builder.%s at %v: the context is nil: give it context.Background()", method, caller.Here())
	}
	if err := b.check(method); err != nil {
		return nil, b.refuse(ctx, err)
	}
	options, log, err := b.read()
	if err != nil {
		return nil, b.refuse(ctx, err)
	}
	h := newHost(b, options, log)
	err = h.ask(ctx, "WaitForStart", func(ctx context.Context) error {
		return h.lifetime.WaitForStart(ctx, h.stopFromOutside)
	}, func(late error) {
		if late == nil { // it has begun after all
			_ = h.stopLifetime(ctx, errNeverBegun) // nobody is left to tell
		}
	})
	if err != nil {
		_ = h.closeConfiguration() // which logs it
		h.release()
		if ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", errNeverBegun, err)
		}
		return nil, err
	}
	if b.Logging.RedirectGlobals {
		h.restore = logging.RedirectGlobals(log)
	}
	return h, nil
}

// refuse tells the lifetime why there is no host. Without that, a service manager would
// wait for one whose settings are wrong, and not know that it has failed.
func (b *Builder) refuse(ctx context.Context, err error) error {
	if b.lifetime == nil {
		return err
	}
	h := &Host{lifetime: b.lifetime}
	waited := h.ask(ctx, "WaitForStart", func(ctx context.Context) error {
		return h.lifetime.WaitForStart(ctx, func(error) {})
	}, func(late error) {
		if late == nil {
			_ = h.stopLifetime(ctx, err) // nobody is left to tell
		}
	})
	if waited != nil {
		return errors.Join(err, waited)
	}
	if stopped := h.stopLifetime(ctx, err); stopped != nil {
		return errors.Join(err, stopped)
	}
	return err
}

// check tells what the program has done wrong with b before it called method.
func (b *Builder) check(method string) error {
	what := ""
	switch {
	case b.lifetime == nil:
		what = "a Builder is made by NewBuilder or NewEmptyBuilder"
	case b.Configuration == nil:
		what = "its Configuration is nil: leave the one of NewBuilder, or use one of config.New"
	case b.Environment == nil:
		what = "its Environment is nil: leave the one of NewBuilder, or use another one"
	case b.Logging == nil:
		what = "its Logging is nil: leave the one of NewBuilder, or use &logging.Settings{}"
	default:
		return b.err
	}
	return errors.Join(b.err, fmt.Errorf("host: Builder.%s at %v: %s", method, caller.Here(), what))
}

// read reads what the host itself needs of the configuration.
func (b *Builder) read() (*Options, *zap.Logger, error) {
	settings := *b.Logging
	settings.ContentRoot = cmp.Or(settings.ContentRoot, b.Environment.ContentRoot)
	settings.Options = append([]zap.Option{zap.WithFatalHook(&b.fatal)}, settings.Options...)
	options, err := newOptions(b.Configuration, b.configure)
	log, logErr := logging.New(b.Configuration, settings)
	if err != nil && logErr == nil {
		_ = logging.Close(log) // nobody will
	}
	return options, log, buildFailed(errors.Join(err, logErr)) // all that is wrong at once
}

// buildFailed says of an error of another package where it is from.
func buildFailed(err error) error {
	if err == nil || strings.HasPrefix(err.Error(), "host: ") {
		return err
	}
	return fmt.Errorf("host: build: %w", err)
}
