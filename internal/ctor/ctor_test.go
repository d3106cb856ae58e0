package ctor_test

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

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

// shapes are what to give fx.Provide, beside the function in it.
func shapes() map[string]struct{ constructor, function any } {
	return map[string]struct{ constructor, function any }{
		"plain":       {plain, plain},
		"error":       {failing, failing},
		"fx.In":       {withStruct, withStruct},
		"fx.Out":      {withResults, withResults},
		"variadic":    {variadic, variadic},
		"fx.Annotate": {fx.Annotate(failing, fx.OnStop(func(*product) {})), failing},
		"fx.ParamTags": {
			fx.Annotate(failing, fx.ParamTags(`optional:"false"`)), failing,
		},
		"fx.Annotate of fx.In":    {fx.Annotate(withStruct), withStruct},
		"fx.Annotate of variadic": {fx.Annotate(variadic), variadic},
	}
}

func named(t *testing.T, constructor any) any {
	t.Helper()
	wrapped, err := ctor.Named(constructor, reflect.TypeFor[*product](), "maker")
	if err != nil {
		t.Fatal(err)
	}
	return wrapped
}

// at is how fx names a function.
func at(function any) string {
	f := runtime.FuncForPC(reflect.ValueOf(function).Pointer())
	file, line := f.FileLine(f.Entry())
	return fmt.Sprintf("%s (%s:%d)", f.Name()[strings.LastIndex(f.Name(), ".")+1:], file, line)
}

// If fx renames the fields that ctor sets, this fails.
func TestErrorsPointAtTheUsersConstructor(t *testing.T) {
	t.Parallel()
	for name, shape := range shapes() {
		provide := fx.Provide(named(t, shape.constructor))
		for mistake, options := range map[string]fx.Option{
			"missing dependency": fx.Provide(zap.NewNop),
			"already provided":   fx.Provide(zap.NewNop, func() *product { return nil }),
			"constructor error":  fx.Provide(zap.NewNop, func() *missing { return nil }),
		} {
			t.Run(name+" "+mistake, func(t *testing.T) {
				t.Parallel()
				if name == "plain" && mistake == "constructor error" {
					t.Skip("has no error")
				}
				err := fx.New(fx.NopLogger, provide, options, fx.Invoke(func(*product) {})).Err()
				if err == nil || !strings.Contains(err.Error(), at(shape.function)) {
					t.Errorf("error lacks %s:\n%v", at(shape.function), err)
				}
				if strings.Contains(err.Error(), "reflect.") {
					t.Errorf("error points into reflect:\n%v", err)
				}
				if mistake == "missing dependency" && !strings.Contains(err.Error(), "*ctor_test.missing") {
					t.Errorf("error does not name what is missing:\n%v", err)
				}
				if mistake == "constructor error" && !errors.Is(err, errBroken) {
					t.Errorf("error has lost the constructor's:\n%v", err)
				}
			})
		}
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
				fx.Provide(named(t, constructor)), fx.Populate(&p)).Err()
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
	err := fx.New(fx.NopLogger, fx.Supply(zap.NewNop(), []int{1, 2}), fx.Provide(
		named(t, fx.Annotate(func(log *zap.Logger, m *missing, numbers ...int) *product {
			if m != nil || len(numbers) != 2 {
				t.Errorf("missing %v, numbers %v", m, numbers)
			}
			return made(m, log)
		}, fx.ParamTags(``, `optional:"true"`, `group:"numbers"`))),
		fx.Annotate(func() int { return 1 }, fx.ResultTags(`group:"numbers"`)),
		fx.Annotate(func() int { return 2 }, fx.ResultTags(`group:"numbers"`)),
	), fx.Populate(&p)).Err()
	if err != nil || len(p.loggers) != 1 {
		t.Errorf("product %v, error %v", p, err)
	}
}

func TestConstructorWithoutALoggerIsLeftAlone(t *testing.T) {
	t.Parallel()
	constructor := func(*missing) *product { return nil }
	if got := named(t, constructor); reflect.ValueOf(got).Pointer() != reflect.ValueOf(constructor).Pointer() {
		t.Errorf("got %T", got)
	}
}

func TestOptionalLoggerMayBeNil(t *testing.T) {
	t.Parallel()
	type optional struct {
		fx.In
		Log *zap.Logger `optional:"true"`
	}
	var p *product
	err := fx.New(fx.NopLogger, fx.Provide(named(t, func(o optional) *product { return made(nil, o.Log) })), fx.Populate(&p)).Err()
	if err != nil || p.loggers[0] != nil {
		t.Errorf("product %v, error %v", p, err)
	}
}

func TestAnnotationsKeepTheirMeaning(t *testing.T) {
	t.Parallel()
	var b builder
	err := fx.New(fx.NopLogger, fx.Supply(fx.Annotate(zap.NewNop(), fx.ResultTags(`name:"audit"`))),
		fx.Provide(named(t, fx.Annotate(func(log *zap.Logger) *product { return made(nil, log) },
			fx.ParamTags(`name:"audit"`), fx.As(new(builder))))),
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
		"value":          {&product{}, "constructor is a *ctor_test.product, want a function that returns *ctor_test.product"},
		"nil function":   {none, "constructor is a nil func() *ctor_test.product, want a function that returns *ctor_test.product"},
		"wrong result":   {func() *missing { return nil }, "constructor func() *ctor_test.missing does not return *ctor_test.product"},
		"no result":      {func() {}, "constructor func() does not return *ctor_test.product"},
		"error only":     {func() error { return nil }, "constructor func() error does not return *ctor_test.product"},
		"fx.Annotated":   {fx.Annotated{Target: plain}, "constructor is a fx.Annotated, want a function that returns *ctor_test.product"},
		"annotated nil":  {fx.Annotate(none), "constructor is a nil func() *ctor_test.product, want a function that returns *ctor_test.product"},
		"annotated text": {fx.Annotate("text"), "want a function that returns *ctor_test.product"},
		"annotated none": {fx.Annotate(nil), "want a function that returns *ctor_test.product"},
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
