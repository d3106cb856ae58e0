package background_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/lifetest"
)

// settings is a section It that may be changed.
type settings struct {
	manager *config.Manager
	section map[string]any
}

func newSettings(t *testing.T, section map[string]any) *settings {
	t.Helper()
	s := &settings{section: section}
	manager, err := config.New(config.Func("test", func() (map[string]any, error) {
		return map[string]any{"It": s.section}, nil
	}))
	must(t, err)
	s.manager = manager
	return s
}

// set changes the section.
func (s *settings) set(section map[string]any) error {
	s.section = section
	return s.manager.Reload()
}

// startFromSection starts a host with a job called "it" that has the settings.
func startFromSection(t *testing.T, d *diary, s *settings, options ...background.JobOption) (*lifetest.Application, *background.Jobs) {
	t.Helper()
	var jobs *background.Jobs
	app, _ := build(t, fx.Supply(s.manager), addWork(d, append(options, background.FromSection("It"))...), fx.Populate(&jobs))
	must(t, app.Start(t.Context()))
	return app, jobs
}

func TestSettingsSayWhenAJobRuns(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		section map[string]any
		options []background.JobOption
		trigger string
	}{
		"interval":              {map[string]any{"Interval": "2h"}, nil, "every 2h0m0s"},
		"every":                 {map[string]any{"Trigger": "every", "Interval": "2h", "Cron": "0 2 * * *"}, nil, "every 2h0m0s"},
		"cron":                  {map[string]any{"Cron": "0 2 * * *"}, nil, "cron 0 2 * * *"},
		"cron with a zone":      {map[string]any{"Cron": "0 2 * * *", "Zone": "Europe/Berlin"}, nil, "cron 0 2 * * * (Europe/Berlin)"},
		"continuously":          {map[string]any{"Trigger": "Continuously"}, []background.JobOption{background.Pause(second)}, "continuously"},
		"once":                  {map[string]any{"Trigger": "Once"}, nil, "once"},
		"what the options say":  {map[string]any{}, []background.JobOption{background.Every(time.Hour)}, "every 1h0m0s"},
		"rather than an option": {map[string]any{"Interval": "5m"}, []background.JobOption{background.Every(time.Hour)}, "every 5m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				app, jobs := startFromSection(t, keep(nil), newSettings(t, test.section), test.options...)
				if status, _ := jobs.Get("it"); status.Trigger != test.trigger || status.Paused {
					t.Errorf("%+v", status)
				}
				must(t, app.Stop(t.Context()))
			})
		})
	}
}

func TestAChangedIntervalTakesEffectWhileWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, s := keep(nil), newSettings(t, map[string]any{"Interval": "2h"})
		app, _ := startFromSection(t, d, s, background.Pause(time.Hour))
		time.Sleep(time.Hour)
		must(t, s.set(map[string]any{"Interval": "10m"})) // counts from now
		time.Sleep(25 * time.Minute)
		must(t, s.set(map[string]any{"Interval": "600s"})) // no change
		time.Sleep(10 * time.Minute)
		must(t, s.set(map[string]any{"Trigger": "Continuously"}))
		time.Sleep(time.Second)
		must(t, app.Stop(t.Context()))
		d.want(t, 70*time.Minute, 80*time.Minute, 90*time.Minute, 95*time.Minute)
	})
}

func TestAChangedIntervalTakesEffectAfterTheRunThatGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(func(context.Context, int) error { time.Sleep(10 * second); return nil })
		s := newSettings(t, map[string]any{"Interval": "1h"})
		app, _ := startFromSection(t, d, s)
		time.Sleep(time.Hour + 5*second)
		must(t, s.set(map[string]any{"Interval": "20s"}))
		time.Sleep(50 * second)
		must(t, app.Stop(t.Context()))
		d.want(t, time.Hour, time.Hour+25*second, time.Hour+45*second)
	})
}

func TestAJobIsTurnedOffAndOnWhileItWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, s := keep(nil), newSettings(t, map[string]any{"Interval": "10s", "Enabled": false})
		app, jobs := startFromSection(t, d, s)
		time.Sleep(time.Minute)
		if status, _ := jobs.Get("it"); !status.Paused {
			t.Errorf("%+v", status)
		}
		must(t, s.set(map[string]any{"Interval": "10s"}))
		time.Sleep(25 * second)
		must(t, s.set(map[string]any{"Interval": "10s", "Enabled": false}))
		time.Sleep(time.Minute)
		must(t, app.Stop(t.Context()))
		d.want(t, 70*second, 80*second)
	})
}

func TestSettingsThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	for want, section := range map[string]map[string]any{
		`config: It: when does the job run? Add Interval, Cron or Trigger`:                                         {},
		`config: It:Interval: "0s": must be more than zero (test)`:                                                 {"Interval": "0s"},
		`config: It:Interval: Trigger Every needs one`:                                                             {"Trigger": "Every"},
		`config: It:Interval: "5": duration needs a unit, such as "5s" (test)`:                                     {"Interval": "5"},
		`config: It:Trigger: say Every or Cron, because there are both Interval and Cron`:                          {"Interval": "5s", "Cron": "@daily"},
		`config: It:Trigger: "Sometimes": want Every, Cron, Continuously or Once (test)`:                           {"Trigger": "Sometimes"},
		`config: It:Cron: "0 25 * * *": character 3: hour is "25", want 0 to 23`:                                   {"Cron": "0 25 * * *"},
		`config: It:Zone: "Berlin": want a name of the time zone database, such as "Europe/Berlin", or UTC (test)`: {"Cron": "@daily", "Zone": "Berlin"},
		`config: It:Intervall: unknown key (test); did you mean "Interval"?`:                                       {"Intervall": "5s"},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSettings(t, section)
				_, err := lifetest.New(nil, hosted.Options{}, fx.Supply(s.manager), addWork(keep(nil), background.FromSection("It")))
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error:\n got  %v\n want %s", err, want)
				}
			})
		})
	}
}

func TestAReloadThatDoesNotFitChangesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, s := keep(nil), newSettings(t, map[string]any{"Interval": "10s"})
		app, _ := startFromSection(t, d, s)
		if err := s.set(map[string]any{"Cron": "61 * * * *"}); err == nil {
			t.Error("no error")
		}
		time.Sleep(25 * second)
		must(t, app.Stop(t.Context()))
		d.want(t, 10*second, 20*second)
		must(t, s.set(map[string]any{"Interval": "1s"})) // nobody follows any more
		time.Sleep(time.Minute)
		d.want(t, 10*second, 20*second)
	})
}

func TestOtherSettingsMayLieAroundThoseOfAJob(t *testing.T) {
	t.Parallel()
	type shop struct{ URL string }
	synctest.Test(t, func(t *testing.T) {
		manager, err := config.New(config.Map(map[string]any{"Shop": map[string]any{
			"URL": "http://prices", "Sync": map[string]any{"Interval": "1s"},
		}}))
		must(t, err)
		d := keep(nil)
		app, _ := build(t, fx.Supply(manager), addWork(d, background.FromSection("Shop:Sync")), config.Configure[shop]("Shop"))
		must(t, app.Start(t.Context()))
		time.Sleep(1500 * time.Millisecond)
		must(t, app.Stop(t.Context()))
		d.want(t, second)
	})
}

func TestTheStatusOfAJobIsKnownBeforeItsStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var jobs *background.Jobs
		s := newSettings(t, map[string]any{"Interval": "10s", "Enabled": false})
		app, _ := build(t, fx.Supply(s.manager), addWork(keep(nil), background.FromSection("It")), fx.Populate(&jobs))
		pausedBySettings := background.JobStatus{
			Name: "it", Trigger: "every 10s", Paused: true, PausedBy: "It:Enabled", PausedSince: time.Now(),
		}
		if status, _ := jobs.Get("it"); status != pausedBySettings {
			t.Errorf("%+v", status)
		}
		time.Sleep(time.Minute)
		must(t, jobs.Pause("it", "ada"))
		if status, _ := jobs.Get("it"); status.PausedBy != "ada" || !status.PausedSince.Equal(time.Now()) {
			t.Errorf("%+v", status)
		}
		must(t, jobs.Resume("it"))
		if status, _ := jobs.Get("it"); status != pausedBySettings {
			t.Errorf("%+v", status)
		}
		must(t, app.Stop(t.Context()))
	})
}

func TestAnotherTriggerIsTurnedOnWithoutARunOfTheOldOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, s := keep(nil), newSettings(t, map[string]any{"Trigger": "Once", "Enabled": false})
		app, _ := startFromSection(t, d, s)
		time.Sleep(time.Minute)
		must(t, s.set(map[string]any{"Interval": "1h"}))
		time.Sleep(90 * time.Minute)
		must(t, app.Stop(t.Context()))
		d.want(t, 61*time.Minute)
	})
}

func TestAJobEndsWhenItsSettingsLeaveItNoTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, s := keep(nil), newSettings(t, map[string]any{"Interval": "1h"})
		app, _ := startFromSection(t, d, s, background.At(time.Now().Add(second)))
		time.Sleep(time.Minute)
		must(t, s.set(map[string]any{}))
		if got := stateOf(app); got != hosted.StateCompleted {
			t.Errorf("state %v", got)
		}
		must(t, app.Stop(t.Context()))
		d.want(t)
	})
}
