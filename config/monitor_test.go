package config_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/hosted"
)

type pollSettings struct {
	Interval time.Duration
	Limit    int
	Labels   map[string]string
	Proxy    *proxy
	Client   *proxy `config:"-"`
}

type proxy struct{ Host, User string }

func positive(s *pollSettings) error {
	if s.Limit <= 0 {
		return &config.KeyError{Key: "Limit", Err: errors.New("must be more than zero")}
	}
	return nil
}

// changeable is a source that a test changes.
type changeable struct{ values map[string]any }

func (c *changeable) Name() string                  { return "changeable" }
func (c *changeable) Load() (map[string]any, error) { return c.values, nil }

// set loads m again with other values.
func (c *changeable) set(t *testing.T, m *config.Manager, values map[string]any) {
	t.Helper()
	c.values = values
	if err := m.Reload(); err != nil {
		t.Fatal(err)
	}
}

func monitor(t *testing.T, m *config.Manager, opts ...config.Option[pollSettings]) *config.Monitor[pollSettings] {
	t.Helper()
	monitor, err := config.NewMonitor(m, "Poll", opts...)
	if err != nil {
		t.Fatal(err)
	}
	return monitor
}

func TestAMonitorFollowsTheManager(t *testing.T) { // OP-3
	t.Parallel()
	source := &changeable{values: map[string]any{"Poll:Limit": 1}}
	m := load(t, source)
	poll := monitor(t, m, config.Default(pollSettings{Interval: time.Second}))
	if got := poll.Current(); got.Limit != 1 || got.Interval != time.Second {
		t.Errorf("%+v", got)
	}
	source.set(t, m, map[string]any{"Poll:Limit": 2, "Poll:Interval": "5s"})
	if got := poll.Current(); got.Limit != 2 || got.Interval != 5*time.Second {
		t.Errorf("%+v", got)
	}
	source.set(t, m, nil)
	if got := poll.Current(); got.Limit != 0 || got.Interval != time.Second {
		t.Errorf("%+v, want the defaults", got)
	}
	if err := m.Add(config.Map(map[string]any{"Poll:Limit": 3})); err != nil || poll.Current().Limit != 3 {
		t.Errorf("%+v, %v: a late source has no effect", poll.Current(), err)
	}
}

func TestSubscribersSeeEachChangeOnceOldAndNew(t *testing.T) { // OP-3
	t.Parallel()
	source := &changeable{values: map[string]any{"Poll:Limit": 1, "Poll:Interval": "5s"}}
	m := load(t, source)
	poll := monitor(t, m)
	var told []string
	stop := poll.OnChange(func(old, current *pollSettings) {
		told = append(told, fmt.Sprint(old.Limit, current.Limit, current == poll.Current()))
	})
	whole := 0
	m.OnChange(func() { whole++ })

	source.set(t, m, map[string]any{"Poll:Limit": 2, "Poll:Interval": "5s"})
	source.set(t, m, map[string]any{"Poll:Limit": 2, "Poll:Interval": "5s"})             // nothing
	source.set(t, m, map[string]any{"Poll:Limit": 2, "Poll:Interval": "5000ms"})         // the same
	source.set(t, m, map[string]any{"Poll:Limit": 2, "Poll:Interval": "5s", "Other": 1}) // another section
	source.set(t, m, map[string]any{"Poll:Limit": 3, "Poll:Interval": "5s"})
	stop()
	source.set(t, m, map[string]any{"Poll:Limit": 4, "Poll:Interval": "5s"})
	if want := []string{"1 2 true", "2 3 true"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	if whole != 5 {
		t.Errorf("the Manager has told of %d changes, want 5", whole)
	}
}

func TestOneMonitorThatRefusesKeepsEverythingAsItWas(t *testing.T) { // OP-10 is better here
	t.Parallel()
	source := &changeable{values: map[string]any{"Poll:Limit": 1, "Other": "a"}}
	m := load(t, source)
	poll := monitor(t, m, config.Validate(positive))
	other, err := config.NewMonitor[string](m, "Other")
	if err != nil {
		t.Fatal(err)
	}
	poll.OnChange(func(_, _ *pollSettings) { t.Error("a subscriber was called") })
	m.OnChange(func() { t.Error("a subscriber of the Manager was called") })

	source.values = map[string]any{"Poll:Limit": -1, "Other": "b"}
	wantError(t, m.Reload(), "config: Poll:Limit: -1: must be more than zero (changeable)")
	if poll.Current().Limit != 1 || *other.Current() != "a" {
		t.Errorf("%v, %q", poll.Current(), *other.Current())
	}
	wantGet(t, m, "Other", "a")
	wantError(t, m.Add(config.Map(map[string]any{"Poll:Limit": "x"})), `config: Poll:Limit: "x": want an integer (memory)`)
	if s := m.Status(); s.Reloads != 0 || s.Failures != 1 || s.LastError == nil || s.LastReload.IsZero() {
		t.Errorf("status %+v", s)
	}
}

func TestValidatorsSeeCompleteValuesInOrder(t *testing.T) { // OP-4, OP-6
	t.Parallel()
	m := load(t, config.Map(map[string]any{"Poll:Limit": 1}))
	add := func(n int) config.Option[pollSettings] {
		return config.PostConfigure(func(s *pollSettings) { s.Limit = s.Limit*10 + n })
	}
	refuse := func(text string) config.Option[pollSettings] {
		return config.Validate(func(s *pollSettings) error { return fmt.Errorf("%s %d", text, s.Limit) })
	}
	_, err := config.NewMonitor(m, "Poll", refuse("first"), add(2), refuse("second"), add(3))
	wantError(t, err, "config: Poll: first 123\nconfig: Poll: second 123")
}

func TestWhatCouldNotBeReadIsNotValidated(t *testing.T) {
	t.Parallel()
	m := load(t, config.Map(map[string]any{"Poll:Limit": "x"}))
	_, err := config.NewMonitor(m, "Poll", config.Validate(positive))
	wantError(t, err, `config: Poll:Limit: "x": want an integer (memory)`)
}

type selfChecking struct{ A int }

func (s *selfChecking) Validate() error {
	if s.A == 0 {
		return errors.Join(&config.KeyError{Key: "A", Err: errors.New("missing")}, errors.New("useless"))
	}
	return nil
}

func TestAValidateMethodIsUsed(t *testing.T) {
	t.Parallel()
	_, err := config.NewMonitor[selfChecking](load(t), "S")
	wantError(t, err, "config: S:A: missing\nconfig: S: useless")
}

func TestAKeyErrorOfAValidatorGetsItsPlace(t *testing.T) {
	t.Parallel()
	path := writeFile(t, filepath.Join(t.TempDir(), "a.yaml"), "Poll:\n  Interval: 5s\n  Labels:\n    token: hunter2\n")
	_, err := config.NewMonitor(load(t, config.File(path)), "Poll", config.Validate(func(*pollSettings) error {
		return errors.Join(
			&config.KeyError{Key: "Interval", Err: errors.New("too short"), Hint: "use 1m"},
			&config.KeyError{Key: "Labels:token", Err: errors.New("too short")})
	}))
	wantError(t, err, "config: Poll:Interval: \"5s\": too short (a.yaml:2); use 1m\n"+
		"config: Poll:Labels:token: ***: too short (a.yaml:4)")
}

func TestAPanicOfAValidatorIsAnError(t *testing.T) {
	t.Parallel()
	source := &changeable{}
	m := load(t, source)
	monitor(t, m, config.Validate(func(s *pollSettings) error {
		if s.Labels != nil {
			panic("boom")
		}
		return nil
	}))
	source.values = map[string]any{"Poll:Labels:a": "b"}
	err := m.Reload()
	wantError(t, err, "config: Poll: panic: boom")
	if p := new(hosted.PanicError); !errors.As(err, &p) || !strings.Contains(string(p.Stack), "monitor_test.go") {
		t.Errorf("no stack in %v", err)
	}
	source.set(t, m, nil) // no lock is held
}

func TestAPanicOfASubscriberKeepsNothingFromTheOthers(t *testing.T) {
	t.Parallel()
	source := &changeable{}
	m := load(t, source)
	calls := 0
	m.OnChange(func() { panic("boom") })
	m.OnChange(func() { calls++ })
	source.values = map[string]any{"A": 1}
	wantError(t, m.Reload(), "config: function given to OnChange: panic: boom")
	wantGet(t, m, "A", "1")
	source.values = map[string]any{"A": 2}
	if err := m.Reload(); err == nil || calls != 2 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

func TestASubscriberMayLoadAndSubscribe(t *testing.T) {
	t.Parallel()
	source := &changeable{}
	m := load(t, source)
	calls := 0
	m.OnChange(func() {
		calls++
		if calls > 1 {
			return
		}
		m.OnChange(func() { calls += 10 })
		if err := m.Add(config.Map(map[string]any{"B": 1})); err != nil {
			t.Error(err)
		}
	})
	source.set(t, m, map[string]any{"A": 1})
	if calls != 12 {
		t.Errorf("calls %d, want two of the first and one of the second", calls)
	}
}

func TestDefaultsAreNeverWrittenTo(t *testing.T) {
	t.Parallel()
	defaults := pollSettings{Labels: map[string]string{"a": "1"}, Proxy: &proxy{Host: "h", User: "u"}, Client: &proxy{}}
	source := &changeable{values: map[string]any{"Poll:Labels:b": "2", "Poll:Proxy:Host": "other"}}
	m := load(t, source)
	poll := monitor(t, m, config.Default(defaults))
	first := poll.Current()
	if first.Client != defaults.Client {
		t.Error("a field that is not configured was copied")
	}
	if len(first.Labels) != 2 || *first.Proxy != (proxy{"other", "u"}) {
		t.Errorf("%+v, %+v", first, first.Proxy)
	}
	source.set(t, m, map[string]any{"Poll:Labels:c": "3"})
	if got := poll.Current(); len(got.Labels) != 2 || got.Labels["c"] != "3" || got.Proxy.Host != "h" {
		t.Errorf("%+v, %+v", got, got.Proxy)
	}
	if len(defaults.Labels) != 1 || defaults.Proxy.Host != "h" || len(first.Labels) != 2 {
		t.Errorf("written to: %+v, %+v, %+v", defaults, defaults.Proxy, first)
	}
}

// A reader gets what is there without an allocation.
func TestCurrentDoesNotAllocate(t *testing.T) {
	poll := monitor(t, load(t))
	if n := testing.AllocsPerRun(100, func() { _ = poll.Current() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Only what is really joined is taken apart, and no error counts as none.
func TestAnErrorOfAValidatorIsToldAsItIs(t *testing.T) {
	t.Parallel()
	a, b := errors.New("a"), &config.KeyError{Key: "Limit", Err: errors.New("b")}
	for want, err := range map[string]error{
		"config: Poll: nothing in it":                        wraps{text: "nothing in it"},
		"config: Poll: the two contradict: a, and a":         fmt.Errorf("the two contradict: %w, and %w", a, a),
		"config: Poll: a\nconfig: Poll:Limit: 1: b (memory)": errors.Join(a, b),
		"config: Poll: a\nconfig: Poll: a":                   wraps{text: "a; a", errs: []error{a, a}}, // as multierr does
	} {
		_, got := config.NewMonitor(load(t, config.Map(map[string]any{"Poll:Limit": 1})), "Poll",
			config.Validate(func(*pollSettings) error { return err }))
		wantError(t, got, want)
	}
}

type wraps struct {
	text string
	errs []error
}

func (w wraps) Error() string   { return w.text }
func (w wraps) Unwrap() []error { return w.errs }
