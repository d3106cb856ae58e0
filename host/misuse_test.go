package host_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/hosted"
)

// Each names the line of the application that has to change, and is no panic.
func TestMisuseOfABuilderNamesTheLine(t *testing.T) {
	t.Parallel()
	const at = ` at \S+/misuse_test\.go:\d+: `
	for name, test := range map[string]struct {
		misuse func(b *host.Builder)
		want   string
	}{
		"option":           {func(b *host.Builder) { b.Add(fx.Options(), nil) }, `Builder\.Add` + at + `option 2 is nil`},
		"ConfigureOptions": {func(b *host.Builder) { b.ConfigureOptions(nil) }, `Builder\.ConfigureOptions` + at + `function is nil`},
		"Configuration":    {func(b *host.Builder) { b.Configuration = nil }, `Builder\.METHOD` + at + `its Configuration is nil: .+`},
		"Environment":      {func(b *host.Builder) { b.Environment = nil }, `Builder\.METHOD` + at + `its Environment is nil: .+`},
		"Logging":          {func(b *host.Builder) { b.Logging = nil }, `Builder\.METHOD` + at + `its Logging is nil: .+`},
		"zero":             {func(b *host.Builder) { *b = host.Builder{} }, `Builder\.METHOD` + at + `a Builder is made by NewBuilder or NewEmptyBuilder`},
	} {
		for method, call := range map[string]func(*host.Builder) error{
			"Build": func(b *host.Builder) error {
				_, err := b.Build()
				return err
			},
			"Validate": func(b *host.Builder) error { return b.Validate() },
			"Run":      func(b *host.Builder) error { return b.Run(context.Background()) },
		} {
			t.Run(name+" "+method, func(t *testing.T) {
				t.Parallel()
				builder, _ := hosttest.NewBuilder(t, nil)
				test.misuse(builder)
				err := call(builder)
				want := `^host: ` + strings.ReplaceAll(test.want, "METHOD", method) + `$`
				if err == nil || !regexp.MustCompile(want).MatchString(err.Error()) {
					t.Errorf("got  %v\nwant %s", err, want)
				}
			})
		}
	}
}

func TestANilContextIsAnErrorThatNamesTheLine(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, nil)
	for method, call := range map[string]func(context.Context) error{
		"Builder.Run": func(ctx context.Context) error {
			builder, _ := hosttest.NewBuilder(t, nil)
			return builder.Run(ctx)
		},
		"Host.Start":           func(ctx context.Context) error { return h.Start(ctx) },
		"Host.Stop":            func(ctx context.Context) error { return h.Stop(ctx) },
		"Host.Run":             func(ctx context.Context) error { return h.Run(ctx) },
		"Host.WaitForShutdown": func(ctx context.Context) error { return h.WaitForShutdown(ctx) },
	} {
		err := call(nil)
		if err == nil || !regexp.MustCompile(`^host: `+method+` at \S+/misuse_test\.go:\d+: the context is nil: .+`).MatchString(err.Error()) {
			t.Errorf("%s: got %v", method, err)
		}
	}
}

// fx has no name for it.
func TestANilOptionWithinAnotherIsAnError(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]fx.Option{
		"fx.Options": fx.Options(nil), "fx.Annotate": fx.Provide(fx.Annotate(nil)),
	} {
		for method, call := range map[string]func(*host.Builder) error{
			"Build": func(b *host.Builder) error {
				_, err := b.Build()
				return err
			},
			"Validate": func(b *host.Builder) error { return b.Validate() },
		} {
			builder, _ := hosttest.NewBuilder(t, nil, option)
			err := call(builder)
			var panicked *hosted.PanicError
			if !errors.As(err, &panicked) || !regexp.MustCompile(`^host: build: panic: .+: is one of the options nil\?$`).MatchString(err.Error()) {
				t.Errorf("%s of %s: got %v", method, name, err)
			}
		}
	}
}
