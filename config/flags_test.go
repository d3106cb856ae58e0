package config_test

import (
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/fxhost/fxhost/config"
)

// parsed returns a set of flags of every kind, as the arguments have left it.
func parsed(t *testing.T, args ...string) *pflag.FlagSet {
	t.Helper()
	flags := pflag.NewFlagSet("shop", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.DurationP("worker-interval", "i", time.Minute, "")
	flags.Int("Worker:Retries", 3, "")
	flags.Bool("Worker:Verbose", true, "")
	flags.CountP("Worker:Level", "v", "")
	flags.StringSlice("Worker:Tags", []string{"default"}, "")
	flags.StringToString("Worker:Labels", nil, "")
	flags.String("dry-run", "", "")
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return flags
}

type flagOptions struct {
	Interval time.Duration
	Retries  int
	Verbose  bool
	Level    int
	Tags     []string
	Labels   map[string]string
}

var interval = config.Switches(map[string]string{"--Worker-Interval": "Worker:Interval"})

func TestOnlyFlagsThatWereGivenCount(t *testing.T) {
	t.Parallel()
	file := config.Map(map[string]any{"Worker": map[string]any{
		"Interval": "5s", "Retries": 7, "Verbose": false, "Tags": []string{"file", "second"}, "Labels": map[string]any{"team": "a"},
	}})

	var got flagOptions
	if err := load(t, file, config.Flags(parsed(t), interval)).Bind("Worker", &got); err != nil {
		t.Fatal(err)
	}
	if got.Interval != 5*time.Second || got.Retries != 7 || got.Verbose || !slices.Equal(got.Tags, []string{"file", "second"}) {
		t.Errorf("without flags %+v", got)
	}

	got = flagOptions{}
	flags := parsed(t, "-i2s", "--Worker:Retries", "1", "--Worker:Verbose", "-vv", "--Worker:Tags=x", "--Worker:Labels=team=b,color=red")
	if err := load(t, file, config.Flags(flags, interval)).Bind("Worker", &got); err != nil {
		t.Fatal(err)
	}
	if got.Interval != 2*time.Second || got.Retries != 1 || !got.Verbose || got.Level != 2 ||
		!slices.Equal(got.Tags, []string{"x", "second"}) || got.Labels["team"] != "b" || got.Labels["color"] != "red" {
		t.Errorf("with flags %+v", got)
	}

	got = flagOptions{}
	if err := load(t, config.Flags(parsed(t, "--Worker:Tags="))).Bind("Worker", &got); err != nil || got.Tags == nil || len(got.Tags) > 0 {
		t.Errorf("an empty list is %q, %v", got.Tags, err)
	}
}

func TestTheNameOfAFlagIsItsKey(t *testing.T) {
	t.Parallel()
	m := load(t, config.Flags(parsed(t, "--worker-interval=2s", "--Worker:Retries=1")))
	wantGet(t, m, "worker-interval", "2s")
	wantGet(t, m, "Worker:Retries", "1")
	m = load(t, config.Flags(parsed(t, "--worker-interval=2s"), interval))
	wantGet(t, m, "Worker:Interval", "2s")
	if value, ok := m.Get("worker-interval"); ok {
		t.Errorf("worker-interval is %q", value)
	}
}

// host.NewBuilder takes them as an option, so that --environment is known in time.
func TestFlagsAreAnOptionOfTheCommandLine(t *testing.T) {
	t.Parallel()
	flags := config.Flags(parsed(t, "--worker-interval=2s", "--Worker:Retries=1"), interval)
	m := load(t, config.CommandLine([]string{"--worker-interval", "9s", "--Other=x"}, flags))
	for key, want := range map[string]string{"Worker:Interval": "9s", "Worker:Retries": "1", "Other": "x"} {
		wantGet(t, m, key, want)
	}
}

// The set that cobra parses is not the one with the settings.
func TestFlagsOfASetThatWasAddedToAnother(t *testing.T) {
	t.Parallel()
	settings := pflag.NewFlagSet("settings", pflag.ContinueOnError)
	settings.String("Shop:DB", "default.db", "")
	settings.String("Shop:Unit", "", "")
	all := pflag.NewFlagSet("shop", pflag.ContinueOnError)
	all.Bool("dry-run", false, "")
	all.AddFlagSet(settings)
	if err := all.Parse([]string{"--dry-run", "--Shop:DB=x"}); err != nil {
		t.Fatal(err)
	}
	m := load(t, config.Flags(settings))
	wantGet(t, m, "Shop:DB", "x")
	if names := m.Children(""); !slices.Equal(names, []string{"Shop"}) || len(m.Children("Shop")) != 1 {
		t.Errorf("names %q", names)
	}
}

func TestAFlagThatNothingReadsIsUnread(t *testing.T) {
	t.Parallel()
	m := load(t, config.Flags(parsed(t, "--dry-run=hunter2", "--Worker:Retries=1")))
	m.Get("Worker")
	given, _ := m.Unread()
	if len(given) != 1 || !errors.Is(given[0], config.ErrUnread) {
		t.Fatalf("unread %v", given)
	}
	wantError(t, given[0], "config: dry-run: nothing in the program reads this setting (command line)")
}

func TestFlagsThatCannotBeSettings(t *testing.T) {
	t.Parallel()
	_, err := config.New(config.Flags(nil))
	wantError(t, err, "config: command line: the set of flags is nil")
	_, err = config.New(config.Flags(parsed(t), config.Switches(map[string]string{"i": "A"})))
	wantError(t, err, `config: command line: switch "i": a name begins with - or -- and has no =`)
}
