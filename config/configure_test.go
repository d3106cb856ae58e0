package config_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
)

// build makes an fx application around a Manager.
func build(m *config.Manager, opts ...fx.Option) error {
	return fx.New(fx.NopLogger, fx.Supply(m), fx.Provide(zap.NewNop), fx.Options(opts...)).Err()
}

func TestOptionsStayMonitorsFollowSnapshotsAreConstant(t *testing.T) { // OP-1, OP-2, OP-3
	t.Parallel()
	source := &changeable{values: map[string]any{"Poll:Limit": 1}}
	m := load(t, source)
	var options *pollSettings
	var poll *config.Monitor[pollSettings]
	var scopes *scope.Factory
	err := build(m, scope.Module(),
		config.Configure("Poll", config.Default(pollSettings{Interval: time.Minute}), config.Validate(positive)),
		fx.Populate(&options, &poll, &scopes))
	if err != nil {
		t.Fatal(err)
	}
	if v := options; v.Limit != 1 || v.Interval != time.Minute {
		t.Errorf("%+v", v)
	}
	unit := func(want int) {
		t.Helper()
		err := scopes.Run(context.Background(), func(s *config.Snapshot[pollSettings], sc *scope.Scope) error {
			before := s.Value()
			source.set(t, m, map[string]any{"Poll:Limit": before.Limit + 1})
			again, err := scope.Get[*config.Snapshot[pollSettings]](sc)
			if err != nil {
				return err
			}
			if v, ok := again.Get(""); before.Limit != want || v != before || !ok || poll.Current().Limit != want+1 {
				t.Errorf("snapshot %d, then %d, monitor %d; want %d", before.Limit, v.Limit, poll.Current().Limit, want)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	unit(1)
	unit(2)
	if options.Limit != 1 {
		t.Error("options have changed")
	}
}

func TestNamedValues(t *testing.T) { // OP-5, OP-6, OP-8
	t.Parallel()
	source := &changeable{values: map[string]any{"E:A:Limit": 1, "E:B:Limit": 2}}
	m := load(t, source)
	var poll *config.Monitor[pollSettings]
	err := build(m, config.ConfigureNamed(map[string]string{"a": "E:A", "b": "E:B"}, config.Validate(positive)), fx.Populate(&poll))
	if err != nil {
		t.Fatal(err)
	}
	a, _ := poll.Get("a")
	if _, ok := poll.Get("A"); ok || poll.Current() != nil || a.Limit != 1 {
		t.Errorf("a is %+v, current %v", a, poll.Current())
	}
	told := 0
	poll.OnNamedChange("b", func(old, current *pollSettings) { told += current.Limit - old.Limit })
	poll.OnNamedChange("a", func(_, _ *pollSettings) { t.Error("a has not changed") })
	source.set(t, m, map[string]any{"E:A:Limit": 1, "E:B:Limit": 5})
	if again, _ := poll.Get("a"); told != 3 || again != a {
		t.Errorf("told %d, a is a new %v", told, again)
	}
	source.values = map[string]any{"E:A:Limit": 0, "E:B:Limit": 0}
	wantError(t, m.Reload(), "config: E:A:Limit: 0: must be more than zero (changeable)\n"+
		"config: E:B:Limit: 0: must be more than zero (changeable)")
}

type server struct{}

func (*server) StartAsync(context.Context) error { return nil }
func (*server) StopAsync(context.Context) error  { return nil }

// Whatever is wrong in any section is one error, before the first hosted service
// is constructed, also if that comes first and takes no options.
func TestEverythingIsValidatedBeforeAnyHostedServiceIsConstructed(t *testing.T) { // OP-7, OP-8
	t.Parallel()
	m := load(t, config.Map(map[string]any{"Poll:Limit": -1, "S": map[string]any{"A": 0, "X": 1}, "Pair:A": 1}))
	constructed := false
	err := build(m, hosted.Module(),
		fx.Module("orders", hosted.AddHostedService[*server](func() *server {
			constructed = true
			return &server{}
		})),
		config.Configure("Poll", config.Validate(positive)),
		config.Configure[selfChecking]("S"),
		fx.Module("pairs", config.Configure[pair]("Pair")),
	)
	if constructed {
		t.Error("a hosted service was constructed")
	}
	const want = "config: Pair: A and B differ\n" +
		"config: Poll:Limit: -1: must be more than zero (memory)\n" +
		"config: S:X: unknown key (memory); did you mean \"A\"?"
	if err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if !errors.Is(err, config.ErrUnknownKey) {
		t.Error("the cause was lost")
	}
}

func TestASectionIsCheckedThoughNobodyUsesIt(t *testing.T) {
	t.Parallel()
	m := load(t, config.Map(map[string]any{"Poll:Limit": -1}))
	if err := build(m, config.Configure("Poll", config.Validate(positive))); err == nil {
		t.Error("no error")
	}
}

func TestOneTypeIsConfiguredOnce(t *testing.T) {
	t.Parallel()
	err := build(load(t), config.Configure[pollSettings]("A"), config.Configure[pollSettings]("B"))
	if err == nil {
		t.Error("no error")
	}
}

type retrySettings struct{ Times int }

func TestASectionMayLieWithinAnother(t *testing.T) {
	t.Parallel()
	source := &changeable{values: map[string]any{"Poll:Limit": 1, "Poll:Retry:Times": 3, "Poll:Deep:Er:A": 1}}
	m := load(t, source)
	var (
		poll  *pollSettings
		retry *retrySettings
		deep  *selfChecking
	)
	err := build(m, scope.Module(),
		config.Configure[pollSettings]("poll"), // is read before those within it
		fx.Module("retry", config.Configure[retrySettings]("Poll:Retry"), config.Configure[selfChecking]("Poll:Deep:Er")),
		fx.Populate(&poll, &retry, &deep))
	if err != nil {
		t.Fatal(err)
	}
	if poll.Limit != 1 || retry.Times != 3 || deep.A != 1 {
		t.Errorf("%+v, %+v, %+v", poll, retry, deep)
	}
	source.values = map[string]any{"Poll:Retries:Times": 3, "Poll:Retry:Time": 3, "Poll:Deep:X": 1, "Poll:Deep:Er:A": 1}
	wantError(t, m.Reload(), `config: Poll:Deep:X: unknown key (changeable)
config: Poll:Retries: unknown key (changeable)
config: Poll:Retry:Time: unknown key (changeable); did you mean "Times"?`)
}

func TestARequiredSectionMustBeThere(t *testing.T) {
	t.Parallel()
	m := load(t, config.Map(map[string]any{"Worker:Retri:Times": 3}))
	err := build(m, config.Configure("Worker:Retry", config.Required[retrySettings]()))
	const want = `config: Worker:Retry: this section is required and no source has it; did you mean "Worker:Retri"?`
	if err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	_, err = config.NewMonitor(m, "Pol", config.Required[pollSettings]())
	wantError(t, err, "config: Pol: this section is required and no source has it")

	source := &changeable{values: map[string]any{"Poll": map[string]any{}}} // is there, though empty
	m = load(t, source)
	if _, err := config.NewMonitor(m, "Poll", config.Required[pollSettings]()); err != nil {
		t.Error(err)
	}
	source.values = nil
	wantError(t, m.Reload(), "config: Poll: this section is required and no source has it")
}

func TestOptionsOfOneName(t *testing.T) {
	t.Parallel()
	m := load(t, config.Map(map[string]any{"E:A:Limit": 1}))
	named := func(opts ...config.Option[pollSettings]) (*config.Monitor[pollSettings], error) {
		var poll *config.Monitor[pollSettings]
		err := build(m, config.ConfigureNamed(map[string]string{"a": "E:A", "b": "E:B"}, opts...), fx.Populate(&poll))
		return poll, err
	}
	poll, err := named(config.Default(pollSettings{Interval: time.Minute}),
		config.ForName("b", config.Default(pollSettings{Limit: 7}), config.Validate(positive)))
	if err != nil {
		t.Fatal(err)
	}
	a, _ := poll.Get("a")
	b, _ := poll.Get("b")
	if a.Interval != time.Minute || a.Limit != 1 || b.Interval != 0 || b.Limit != 7 {
		t.Errorf("%+v, %+v", a, b)
	}
	_, err = named(config.ForName("B", config.Required[pollSettings]()))
	const want = `config: ForName("B"): there is no section of that name; there are ["a" "b"]`
	if err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// Whoever takes only a *T is told what is wrong with every section.
func TestTakingTheValuesTellsAllThatIsWrong(t *testing.T) {
	t.Parallel()
	m := load(t, config.Map(map[string]any{"Poll:Limit": -1, "Pair:A": 1}))
	called := false
	err := build(m, config.Configure[pair]("Pair"), config.Configure("Poll", config.Validate(positive)),
		fx.Invoke(func(*pollSettings) { called = true }))
	const want = "config: Pair: A and B differ\nconfig: Poll:Limit: -1: must be more than zero (memory)"
	if called || err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("called %v; got\n%v\nwant\n%s", called, err, want)
	}
}

func TestWithoutADefaultNameThereIsNoSingleValue(t *testing.T) {
	t.Parallel()
	err := build(load(t), config.ConfigureNamed[pollSettings](map[string]string{"a": "E:A"}), fx.Invoke(func(*pollSettings) {}))
	if err == nil || !strings.Contains(err.Error(), "missing type: *config_test.pollSettings") {
		t.Errorf("%v", err)
	}
}

type hidden struct{ interval time.Duration } //nolint:unused // that is the mistake

func TestWhatCanNeverWorkIsRefused(t *testing.T) {
	t.Parallel()
	for want, option := range map[string]fx.Option{
		`config: Configure[*config_test.pair]: T is a pointer; write Configure[config_test.pair], and take a *config_test.pair`: config.Configure[*pair]("A"),
		`config: Configure[time.Duration]: a section has keys, and this is a single value; write a struct with a field for it`:  config.Configure[time.Duration]("A"),
		`config: Configure[time.Time]: a section has keys, and this is a single value; write a struct with a field for it`:      config.Configure[time.Time]("A"),
		`config: Configure[map[int]string]: only maps with string keys can be read`:                                             config.Configure[map[int]string]("A"),
		`config: Configure[config_test.hidden]: it has no exported field, so nothing can be read`:                               config.Configure[hidden]("A"),
		`config: Configure[config_test.pair]: section "A.B": names are separated by a colon; write "A:B"`:                       config.Configure[pair]("A.B"),
		`config: Configure[config_test.pair]: section "A::B": a name is empty`:                                                  config.Configure[pair]("A::B"),
	} {
		if err := build(load(t), option); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("got\n%v\nwant\n%s", err, want)
		}
	}
	for _, option := range []fx.Option{
		config.Configure[map[string]int]("A"), config.Configure[[]string]("A"), config.Configure[struct{}]("A"), config.Configure[pair](""),
	} {
		if err := build(load(t), option); err != nil {
			t.Error(err)
		}
	}
}

// Whatever is asked for first, and without package scope.
func TestConfigureWithoutAManagerSaysWhatToWrite(t *testing.T) {
	t.Parallel()
	for name, asks := range map[string]fx.Option{
		"nothing":    fx.Options(),
		"the values": fx.Invoke(func(*pollSettings) {}),
		"a Monitor":  fx.Invoke(func(*config.Monitor[pollSettings]) {}),
	} {
		for _, options := range []fx.Option{
			fx.Options(asks, config.Configure[pollSettings]("Poll")),
			fx.Options(config.Configure[pollSettings]("Poll"), asks),
			fx.Options(scope.Module(), config.Configure[pollSettings]("Poll"), asks),
		} {
			err := fx.New(fx.NopLogger, options).Err()
			const want = `config: Configure\[config_test\.pollSettings\] at \S+configure_test\.go:\d+: there is no \*config\.Manager: ` +
				`provide the one that config\.New returns, or use package host$`
			if err == nil || !regexp.MustCompile(want).MatchString(err.Error()) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
