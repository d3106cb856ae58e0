package scope_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/fxhost/fxhost/hosted/scope"
)

func validate(options ...fx.Option) error {
	return scope.ValidateApp(fx.NopLogger, scope.Module(), fx.Options(options...))
}

// Whatever the build finds is found without calling a constructor.
func TestValidateAppFindsWhatTheBuildFinds(t *testing.T) {
	validating := false
	never := func() *db {
		if validating {
			t.Error("called")
		}
		return newDB()
	}
	type optional struct {
		fx.In
		DB   *db   `optional:"true"`
		Pool *pool `optional:"true"`
		List []*a  `group:"list"`
	}
	for name, option := range map[string]fx.Option{
		"nothing":         fx.Options(),
		"all is well":     fx.Options(fx.Provide(never), standardScoped(), scope.Value[int](), scope.Singleton[*db](), asks[*a, *tx](nil)),
		"optional":        scope.Provide(func(optional) *tx { return nil }),
		"module":          fx.Module("m", fx.Provide(never, fx.Private), standardScoped(), fx.WithLogger(func() fxevent.Logger { return fxevent.NopLogger })),
		"missing":         standardScoped(),
		"cycle":           fx.Options(fx.Provide(never), scope.Provide(newCircularTx, newRepo)),
		"both":            scope.Provide(newCircularTx, newRepo, newHandler),
		"missing below":   fx.Options(fx.Provide(newPooledDB), scope.Provide(newTx)),
		"private":         fx.Options(fx.Module("m", fx.Provide(never, fx.Private), scope.Provide(newTx)), scope.Provide(newRepo)),
		"captive":         fx.Options(fx.Provide(never, newCapturingA), standardScoped(), fx.Invoke(func(*a) {})),
		"two":             fx.Options(fx.Provide(never), scope.Provide(newTx, newOtherTx)),
		"wrong shape":     scope.Provide(3),
		"missing to fx":   fx.Invoke(func(string) {}),
		"nothing to take": scope.Replace(newFakeRepo),
		"replaced":        fx.Options(standardScoped(), scope.Replace(newFakeRepo), fx.Provide(never)),
		"an interface":    fx.Options(scope.Provide(func() *hiddenReader { return nil }, func(reader) *a { return nil })),
	} {
		t.Run(name, func(t *testing.T) {
			validating = true
			err := validate(option)
			validating = false
			_, want := build(option)
			if (err == nil) != (want == nil) {
				t.Fatalf("ValidateApp: %v\nbuild: %v", err, want)
			}
			if name == "captive" {
				wantText(t, err, `.*failed to build \*scope_test\.repo: .*missing type: .*"a singleton cannot take \*scope_test\.repo of .*`)
			} else if err != nil && name != "wrong shape" && name != "two" && err.Error() != want.Error() {
				t.Errorf("ValidateApp: %v\nbuild: %v", err, want)
			}
		})
	}
}

// fx on its own would build this, and give the singleton nothing.
func TestAnOptionalCaptiveIsFound(t *testing.T) {
	t.Parallel()
	type params struct {
		fx.In
		Repo *repo `optional:"true"`
	}
	captive := func(params) *a { return &a{} }
	const want = `.*failed to build \*scope_test\.repo: .*a singleton cannot take \*scope_test\.repo of scope_test\.newRepo @, .*`
	for name, option := range map[string]fx.Option{
		"invoked":        fx.Options(fx.Provide(captive), fx.Invoke(func(*a) {})),
		"later":          fx.Module("m", fx.Provide(captive), fx.Invoke(func(*a) {})),
		"of a scoped":    fx.Options(fx.Provide(captive), scope.Provide(func(*a) *b { return nil })),
		"below another":  fx.Options(fx.Provide(captive, func(*a) *b { return nil }), scope.Singleton[*b]()),
		"invoke takes":   fx.Invoke(func(params) {}),
		"another module": fx.Options(fx.Module("n", fx.Provide(captive)), fx.Module("m", fx.Invoke(func(*a) {}))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ofModule := name == "later" || name == "another module" // which invokes before scope.Module does
			for _, scoped := range []fx.Option{standard(), fx.Module("orders", standard())} {
				wantText(t, validate(scoped, option), want)
				for name, options := range map[string][]fx.Option{
					"first": {scope.Module(), scoped, option}, "last": {option, scoped, scope.Module()},
				} {
					err := fx.New(fx.NopLogger, fx.Options(options...)).Err()
					if name == "last" && ofModule {
						if err != nil {
							t.Errorf("Module last: %v: say so in its comment", err)
						}
						continue
					}
					var captive *scope.CaptiveError
					if wantText(t, err, want); !errors.As(err, &captive) || captive.Type != reflect.TypeFor[*repo]() ||
						!strings.HasPrefix(captive.Constructor, "scope_test.newRepo (") {
						t.Errorf("Module %s: %+v", name, captive)
					}
				}
			}
		})
	}
	if err := validate(standard(), fx.Provide(captive)); err != nil {
		t.Errorf("of a singleton that nobody takes: %v", err)
	}
}

// fx logs each call that fails as an error, which would alarm everyone.
func TestNoCallFailsInABuild(t *testing.T) {
	t.Parallel()
	var failed []error
	log := fx.WithLogger(func() fxevent.Logger {
		return events(func(event fxevent.Event) {
			if run, ok := event.(*fxevent.Run); ok && run.Err != nil {
				failed = append(failed, run.Err)
			}
		})
	})
	options := fx.Options(log, standard(), fx.Module("orders", scope.Provide(func() *a { return nil })), scope.Module())
	if err := errors.Join(fx.New(options).Err(), errors.Join(failed...)); err != nil {
		t.Error(err)
	}
	type params struct {
		fx.In
		Repo *repo `optional:"true"`
	}
	if err := fx.New(options, fx.Invoke(func(params) {})).Err(); err == nil || len(failed) != 1 {
		t.Errorf("%v, and of a captive %d calls failed", err, len(failed))
	}
}

type events func(fxevent.Event)

func (f events) LogEvent(event fxevent.Event) { f(event) }
