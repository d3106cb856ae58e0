package ctor_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/internal/caller"
	"github.com/fxhost/fxhost/internal/ctor"
)

var errBroken = errors.New("broken")

type product struct {
	loggers []*zap.Logger
}

func (*product) Build() {}

type builder interface{ Build() }

type missing struct{}

type params struct {
	fx.In

	Log     *zap.Logger
	Missing *missing
	Nested  nested
}

type nested struct {
	fx.In

	Log *zap.Logger
}

type results struct {
	fx.Out

	Product *product
}

// The shapes that a constructor can have. All of them take a logger and a
// *missing, and fail if that has been provided.

func plain(log *zap.Logger, m *missing) *product { return made(m, log) }

func failing(log *zap.Logger, _ *missing) (*product, error) { return made(nil, log), errBroken }

func withStruct(p params) (*product, error) {
	return made(p.Missing, p.Log, p.Nested.Log), errBroken
}

func withResults(log *zap.Logger, m *missing) (results, error) {
	return results{Product: made(m, log)}, errBroken
}

func variadic(log *zap.Logger, m *missing, _ ...int) (*product, error) {
	return made(m, log), errBroken
}

func made(_ *missing, loggers ...*zap.Logger) *product { return &product{loggers: loggers} }

func named(t *testing.T, constructor any) fx.Option {
	t.Helper()
	made, err := ctor.Named(constructor, reflect.TypeFor[*product](), "maker")
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// A wrapped constructor's error names it, since fx names package reflect.
func TestAnErrorNamesTheConstructor(t *testing.T) {
	t.Parallel()
	for name, constructor := range map[string]any{
		"error": failing, "fx.In": withStruct, "fx.Out": withResults, "variadic": variadic,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := fx.New(fx.NopLogger, named(t, constructor), fx.Provide(zap.NewNop, func() *missing { return nil }),
				fx.Invoke(func(*product) {})).Err()
			want := caller.Function(reflect.ValueOf(constructor)) + ": broken"
			if !errors.Is(err, errBroken) || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

// What fx.Annotate returned is fx's, and so are the errors about it.
func TestAnAnnotatedConstructorMissesWhatItMisses(t *testing.T) {
	t.Parallel()
	err := fx.New(fx.NopLogger, named(t, fx.Annotate(failing, fx.OnStop(func(*product) {}))), fx.Provide(zap.NewNop),
		fx.Invoke(func(*product) {})).Err()
	if err == nil || !strings.HasSuffix(err.Error(), "missing type: *ctor_test.missing") {
		t.Errorf("got %v", err)
	}
	err = fx.New(fx.NopLogger, named(t, fx.Annotate(failing)), fx.Provide(func() *missing { return nil }),
		fx.Invoke(func(*product) {})).Err()
	if err == nil || !strings.Contains(err.Error(), "missing type: *zap.Logger") {
		t.Errorf("got %v", err)
	}
}

func TestEveryLoggerIsNamed(t *testing.T) {
	t.Parallel()
	for name, constructor := range map[string]any{
		"plain":       plain,
		"fx.In":       func(p params) *product { return made(p.Missing, p.Log, p.Nested.Log) },
		"fx.Out":      func(log *zap.Logger) results { return results{Product: made(nil, log)} },
		"variadic":    func(log *zap.Logger, _ ...int) *product { return made(nil, log) },
		"error":       func(log *zap.Logger) (*product, error) { return made(nil, log), nil },
		"two loggers": func(a, b *zap.Logger) *product { return made(nil, a, b) },
		"fx.Annotate": fx.Annotate(plain, fx.ParamTags(``, `optional:"true"`)),
		"fx.As":       fx.Annotate(plain, fx.As(new(builder)), fx.As(fx.Self())),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			core, logs := observer.New(zapcore.InfoLevel)
			var p *product
			err := fx.New(fx.NopLogger, fx.Supply(zap.New(core).Named("app")), fx.Provide(func() *missing { return nil }),
				named(t, constructor), fx.Populate(&p)).Err()
			if err != nil || len(p.loggers) == 0 {
				t.Fatalf("product %v, error %v", p, err)
			}
			for _, log := range p.loggers {
				log.Info("hello")
			}
			for _, entry := range logs.All() {
				if entry.LoggerName != "app.maker" {
					t.Errorf("logger %q, want app.maker", entry.LoggerName)
				}
			}
			if logs.Len() != len(p.loggers) {
				t.Errorf("%d records of %d loggers", logs.Len(), len(p.loggers))
			}
		})
	}
}

// What is not named must come through as it was.
func TestOtherArgumentsComeThrough(t *testing.T) {
	t.Parallel()
	var p *product
	err := fx.New(fx.NopLogger, fx.Supply(zap.NewNop(), []int{1, 2}),
		named(t, fx.Annotate(func(log *zap.Logger, m *missing, numbers ...int) *product {
			if m != nil || len(numbers) != 2 {
				t.Errorf("missing %v, numbers %v", m, numbers)
			}
			return made(m, log)
		}, fx.ParamTags(``, `optional:"true"`, `group:"numbers"`))),
		fx.Provide(fx.Annotate(func() int { return 1 }, fx.ResultTags(`group:"numbers"`)),
			fx.Annotate(func() int { return 2 }, fx.ResultTags(`group:"numbers"`)),
		), fx.Populate(&p)).Err()
	if err != nil || len(p.loggers) != 1 {
		t.Errorf("product %v, error %v", p, err)
	}
}

// So fx's messages name it.
func TestConstructorWithoutALoggerIsLeftAlone(t *testing.T) {
	t.Parallel()
	constructor := func(*missing) *product { return nil }
	made, err := ctor.Named(constructor, reflect.TypeFor[*product](), "maker")
	if err != nil {
		t.Fatal(err)
	}
	err = fx.New(fx.NopLogger, made, fx.Invoke(func(*product) {})).Err()
	if err == nil || !strings.Contains(err.Error(), "TestConstructorWithoutALoggerIsLeftAlone.func1 (") {
		t.Errorf("got %v", err)
	}
}

func TestOptionalLoggerMayBeNil(t *testing.T) {
	t.Parallel()
	type optional struct {
		fx.In
		Log *zap.Logger `optional:"true"`
	}
	var p *product
	err := fx.New(fx.NopLogger, named(t, func(o optional) *product { return made(nil, o.Log) }), fx.Populate(&p)).Err()
	if err != nil || p.loggers[0] != nil {
		t.Errorf("product %v, error %v", p, err)
	}
}

func TestAnnotationsKeepTheirMeaning(t *testing.T) {
	t.Parallel()
	var b builder
	err := fx.New(fx.NopLogger, fx.Supply(fx.Annotate(zap.NewNop(), fx.ResultTags(`name:"audit"`))),
		named(t, fx.Annotate(func(log *zap.Logger) *product { return made(nil, log) },
			fx.ParamTags(`name:"audit"`), fx.As(new(builder)))),
		fx.Populate(&b)).Err()
	if err != nil || b == nil {
		t.Errorf("%v, %v", b, err)
	}
}

func TestWhatIsNoConstructorIsAnError(t *testing.T) {
	t.Parallel()
	var none func() *product
	for name, test := range map[string]struct {
		constructor any
		want        string
	}{
		"value":        {&product{}, "constructor is a *ctor_test.product, want a function that returns *ctor_test.product"},
		"nil function": {none, "constructor is a nil func() *ctor_test.product, want a function that returns *ctor_test.product"},
		"wrong result": {func() *missing { return nil }, "constructor func() *ctor_test.missing does not return *ctor_test.product"},
		"no result":    {func() {}, "constructor func() does not return *ctor_test.product"},
		"error only":   {func() error { return nil }, "constructor func() error does not return *ctor_test.product"},
		"fx.Annotated": {fx.Annotated{Target: plain}, "constructor is a fx.Annotated, want a function that returns *ctor_test.product"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ctor.Named(test.constructor, reflect.TypeFor[*product](), "maker")
			if err == nil || !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("error:\n got  %v\n want %s", err, test.want)
			}
		})
	}
}
