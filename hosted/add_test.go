package hosted_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/lifetest"
)

// simple is a service that needs nothing.
type simple struct{}

func (*simple) StartAsync(context.Context) error { return nil }
func (*simple) StopAsync(context.Context) error  { return nil }

func newSimple() *simple { return &simple{} }

func TestMistakesInARegistrationAreErrorsOfTheBuild(t *testing.T) {
	t.Parallel()
	var nilConstructor func() *simple
	for name, test := range map[string]struct {
		option fx.Option
		want   []string
	}{
		"nil function": {
			hosted.AddHostedService[*simple](nilConstructor),
			[]string{"hosted: AddHostedService[*hosted_test.simple] at ", "add_test.go:", "constructor is a nil func() *hosted_test.simple"},
		},
		"no function": {
			hosted.AddHostedService[*simple](&simple{}),
			[]string{"add_test.go:", "constructor is a *hosted_test.simple, want a function that returns *hosted_test.simple"},
		},
		"wrong result": {
			hosted.AddHostedService[*simple](func() *client { return nil }),
			[]string{"add_test.go:", "constructor func() *hosted_test.client does not return *hosted_test.simple"},
		},
		"unknown type": {
			hosted.AddHostedService[*simple](nil),
			[]string{"missing type", "*hosted_test.simple"},
		},
		"missing dependency": {
			hosted.AddHostedService[*simple](func(*client) *simple { return nil }),
			[]string{"missing type", "*hosted_test.client", "add_test.go:"},
		},
		"nil result": {
			hosted.AddHostedService[*simple](func() *simple { return nil }),
			[]string{`hosted: service "hosted_test.simple" (`, "add_test.go:", "its constructor returned nil without an error"},
		},
		"error of the constructor": {
			hosted.AddHostedService[*simple](func() (*simple, error) { return nil, errBroken }),
			[]string{"broken", "add_test.go:"},
		},
		"empty name": {
			hosted.AddHostedService[*simple](newSimple, hosted.Name(" ")),
			[]string{"add_test.go:", "hosted.Name: empty name"},
		},
		"negative start timeout": {
			hosted.AddHostedService[*simple](newSimple, hosted.StartTimeout(-time.Second)),
			[]string{"hosted.StartTimeout: -1s: must be more than zero; leave the option out for no limit"},
		},
		"zero stop timeout": {
			hosted.AddHostedService[*simple](newSimple, hosted.StopTimeout(0)),
			[]string{"hosted.StopTimeout: 0s: must be more than zero"},
		},
		"nil policy": {
			hosted.AddHostedService[*simple](newSimple, hosted.OnFault(nil)),
			[]string{"hosted.OnFault: nil policy"},
		},
		"several mistakes": {
			hosted.AddHostedService[*simple](nil, hosted.Name(""), hosted.StopTimeout(0), hosted.OnFault(nil)),
			[]string{"hosted.Name: empty name", "hosted.StopTimeout", "hosted.OnFault"},
		},
		"nil instance": {
			hosted.AddInstance(nil),
			[]string{"hosted: AddInstance(<nil>) at ", "add_test.go:", "service is nil"},
		},
		"nil pointer": {
			hosted.AddInstance((*simple)(nil)),
			[]string{"hosted: AddInstance(*hosted_test.simple) at ", "add_test.go:", "service is nil"},
		},
		"instance with a bad option": {
			hosted.AddInstance(&simple{}, hosted.StopTimeout(-1)),
			[]string{"hosted: AddInstance(*hosted_test.simple) at ", "hosted.StopTimeout"},
		},
		"nil factory": {
			hosted.AddFactory(nil, hosted.Name("made")),
			[]string{"hosted: AddFactory at ", "add_test.go:", "factory is nil"},
		},
		"factory without a name": {
			hosted.AddFactory(func() hosted.HostedService { return &simple{} }),
			[]string{"hosted: AddFactory at ", "add_test.go:", "no name: add hosted.Name"},
		},
		"factory that returns nil": {
			hosted.AddFactory(func() hosted.HostedService { return nil }, hosted.Name("made")),
			[]string{`hosted: service "made" (`, "returned nil"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := fx.New(fx.NopLogger, hosted.Module(), test.option).Err()
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error lacks %q:\n%v", want, err)
				}
			}
		})
	}
}

func TestSameNameTwiceIsAnErrorThatNamesBothPlaces(t *testing.T) {
	t.Parallel()
	err := fx.New(fx.NopLogger, hosted.Module(),
		hosted.AddInstance(&simple{}, hosted.Name("twin")),
		hosted.AddInstance(&simple{}, hosted.Name("twin")),
	).Err()
	if err == nil || strings.Count(err.Error(), "add_test.go:") < 2 ||
		!strings.Contains(err.Error(), `service "twin" is registered twice`) || !strings.Contains(err.Error(), "hosted.Name") {
		t.Errorf("error %v", err)
	}
}

func TestOneTypeTwiceIsAnError(t *testing.T) {
	t.Parallel()
	err := fx.New(fx.NopLogger, hosted.Module(),
		hosted.AddHostedService[*simple](newSimple), hosted.AddHostedService[*simple](nil),
	).Err()
	if err == nil || !strings.Contains(err.Error(), `service "hosted_test.simple" is registered twice`) {
		t.Errorf("error %v", err)
	}
}

func TestServiceWithoutAHostIsAnErrorThatSaysWhatToDo(t *testing.T) {
	t.Parallel()
	err := fx.New(fx.NopLogger, hosted.AddHostedService[*simple](newSimple)).Err()
	if err == nil || !strings.Contains(err.Error(), "add hosted.Module()") || !strings.Contains(err.Error(), "add_test.go:") {
		t.Errorf("error %v", err)
	}
}

func TestServiceIsASingletonAndInjectable(t *testing.T) {
	t.Parallel()
	made := 0
	var first, second *simple
	err := fx.New(fx.NopLogger, hosted.Module(),
		fx.Populate(&first),
		hosted.AddHostedService[*simple](func() *simple {
			made++
			return &simple{}
		}),
		fx.Populate(&second),
	).Err()
	if err != nil || made != 1 || first == nil || first != second {
		t.Errorf("made %d: %p, %p, %v", made, first, second, err)
	}
}

// A nil constructor stands for what the application provides already.
func TestServiceThatIsProvidedAlready(t *testing.T) {
	t.Parallel()
	r, err := lifetest.New(nil, hosted.Options{}, hosted.AddHostedService[*simple](nil), fx.Provide(newSimple))
	if err != nil || len(r.Services().List()) != 1 {
		t.Errorf("%v, %v", r.Services().List(), err)
	}
}

// An interface can be a service, too.
func TestServiceByInterface(t *testing.T) {
	t.Parallel()
	r, err := lifetest.New(nil, hosted.Options{},
		hosted.AddHostedService[hosted.HostedService](func() hosted.HostedService { return &simple{} }))
	if got := r.Services().List(); err != nil || got[0].Name != "hosted.HostedService" {
		t.Errorf("%v, %v", got, err)
	}
}

type logging struct {
	simple
	Log *zap.Logger
}

type loggingParams struct {
	fx.In
	Log *zap.Logger
}

func TestLoggerOfAServiceIsNamedAfterIt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		constructor any
		options     []hosted.ServiceOption
		want        string
	}{
		"argument": {func(log *zap.Logger) *logging { return &logging{Log: log} }, nil, "hosted_test.logging"},
		"struct":   {func(p loggingParams) *logging { return &logging{Log: p.Log} }, nil, "hosted_test.logging"},
		"own name": {
			func(log *zap.Logger) (*logging, error) { return &logging{Log: log}, nil },
			[]hosted.ServiceOption{hosted.Name("mine")},
			"mine",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			core, logs := observer.New(zapcore.InfoLevel)
			var service *logging
			err := fx.New(fx.NopLogger, hosted.Module(),
				fx.Supply(zap.New(core)), hosted.AddHostedService[*logging](test.constructor, test.options...), fx.Populate(&service),
			).Err()
			if err != nil {
				t.Fatal(err)
			}
			service.Log.Info("hello")
			if got := logs.All()[0].LoggerName; got != test.want {
				t.Errorf("logger %q, want %q", got, test.want)
			}
		})
	}
}

// Options are values: they may build several applications.
func TestSameOptionsBuildSeveralApplications(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		options := fx.Options(
			hosted.AddHostedService[*simple](newSimple),
			hosted.AddInstance(&simple{}, hosted.Name("instance")),
		)
		first, second := newApplication(hosted.Options{}), newApplication(hosted.Options{})
		first.build(t, options)
		second.build(t, options)

		first.start(t)
		wantState(t, first, "hosted_test.simple", hosted.StateRunning)
		wantState(t, second, "hosted_test.simple", hosted.StateRegistered)
		second.start(t)
		first.stop(t)
		wantState(t, first, "instance", hosted.StateStopped)
		wantState(t, second, "instance", hosted.StateRunning)
		second.stop(t)
	})
}

// A base type that finds nothing to bind to fails the build.
type unbindable struct{ simple }

func (*unbindable) Bind(hosted.HostedService, func()) error { return errBroken }

func TestErrorOfBindFailsTheBuild(t *testing.T) {
	t.Parallel()
	err := fx.New(fx.NopLogger, hosted.Module(), hosted.AddInstance(&unbindable{})).Err()
	if !errors.Is(err, errBroken) || !strings.Contains(err.Error(), "add_test.go:") {
		t.Errorf("error %v", err)
	}
}

// teller is a Binder that tells of an end without being an Awaiter.
type teller struct {
	simple
	ended func()
}

func (s *teller) Bind(_ hosted.HostedService, ended func()) error {
	s.ended = ended
	return nil
}

// telling is one that is an Awaiter, too.
type telling struct{ teller }

func (*telling) Done() <-chan struct{} { return ended() }
func (*telling) Err() error            { return errBroken }

// Rule 9: a fault is logged once.
func TestBinderMayTellOfOneEndOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		service := &telling{}
		a.build(t, hosted.AddInstance(service, hosted.Name("w")))
		a.start(t)
		service.ended()
		service.ended()
		wantText(t, a.Stop(t.Context()), `host: run service "w": broken`)
		if got := a.logged("service faulted"); len(got) != 1 {
			t.Errorf("service faulted: %v", got)
		}
	})
}

func TestBinderThatIsNoAwaiterHasNothingToTell(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		service := &teller{}
		a.build(t, hosted.AddInstance(service))
		a.start(t)
		service.ended()
		a.stop(t)
	})
}

type store struct{}

func newNeedy(*zap.Logger, *store) *simple   { return &simple{} }
func newBroken(*zap.Logger) (*simple, error) { return nil, errBroken }
func newSilent(*zap.Logger) *simple          { return nil }
func newStore(*strings.Builder) *store       { return &store{} }
func newNeedyWithoutLogger(*store) *simple   { return &simple{} }
func annotatedNeedy() any                    { return fx.Annotate(newNeedy) }

// In an application of somebody else's, the text is fx's. It names the type of the
// service and what is missing, and a failed constructor by its line.
func TestFxSaysWhatTheConstructorMisses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		constructor any
		provide     fx.Option
		want        string
	}{
		"missing":        {newNeedy, fx.Options(), `failed to build \*hosted_test\.simple: .*: missing type: \*hosted_test\.store$`},
		"without logger": {newNeedyWithoutLogger, fx.Options(), `"\.newNeedyWithoutLogger \(\S+/add_test\.go:\d+\): missing type: \*hosted_test\.store$`},
		"deeper": {
			newNeedy, fx.Provide(newStore),
			`failed to build \*hosted_test\.simple: .*newStore \(\S+/add_test\.go:\d+\): missing type: \*strings\.Builder$`,
		},
		"fx.Annotate": {annotatedNeedy(), fx.Options(), `failed to build \*hosted_test\.simple: .*: missing type: \*hosted_test\.store$`},
		"error":       {newBroken, fx.Options(), `hosted_test\.newBroken \(\S+/add_test\.go:\d+\): broken$`},
		"nil":         {newSilent, fx.Options(), `^hosted: service "hosted_test\.simple" \(\S+/add_test\.go:\d+\): its constructor returned nil without an error$`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := fx.Options(fx.NopLogger, hosted.Module(), fx.Provide(zap.NewNop), test.provide,
				hosted.AddHostedService[*simple](test.constructor))
			err := fx.New(options).Err()
			if err == nil || !regexp.MustCompile(test.want).MatchString(err.Error()) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if strings.Contains(test.want, "missing type") && fx.ValidateApp(options) == nil {
				t.Error("fx.ValidateApp does not find it")
			}
		})
	}
}

// What replaces a service is the service; the constructor does not run.
func TestAReplacedServiceIsNotConstructed(t *testing.T) {
	t.Parallel()
	fake := &simple{}
	var got *simple
	err := fx.New(fx.NopLogger, hosted.Module(), fx.Provide(zap.NewNop),
		hosted.AddHostedService[*simple](newBroken), fx.Replace(fake), fx.Populate(&got)).Err()
	if err != nil || got != fake {
		t.Errorf("got %p, %v, want %p", got, err, fake)
	}
}
