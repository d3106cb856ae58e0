package config_test

import (
	"context"
	"errors"
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
	var options *config.Options[pollSettings]
	var poll *config.Monitor[pollSettings]
	var scopes *scope.Factory
	err := build(m, scope.Module(),
		config.Configure("Poll", config.Default(pollSettings{Interval: time.Minute}), config.Validate(positive)),
		fx.Populate(&options, &poll, &scopes))
	if err != nil {
		t.Fatal(err)
	}
	if v := options.Value(); v.Limit != 1 || v.Interval != time.Minute {
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
	if options.Value().Limit != 1 {
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
