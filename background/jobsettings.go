package background

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/config"
)

// FromSection reads the trigger of a job from a section of the configuration:
//
//	{"SyncPrices": {"Interval": "2h"}}
//	{"SyncPrices": {"Cron": "0 2 * * *", "Zone": "Europe/Berlin", "Enabled": false}}
//	{"SyncPrices": {"Trigger": "Continuously"}}
//
// Trigger is Every, Cron, Continuously or Once. It may be omitted if there is Interval
// or Cron. If the section has none of them, the trigger among the options is used. Zone
// defaults to [time.Local], and Enabled to true.
//
// A change takes effect immediately, also while the job waits. The schedule of a new
// trigger begins then. A job that is not enabled is paused, see [Jobs.Pause]. A job that
// has ended does not begin again. Invalid settings are refused as by config.Configure.
// Nothing else may use the section, but other settings may lie around it.
func FromSection(section string) JobOption {
	return jobOption(func(d *declaredJob) error {
		d.section = section
		if section == "" {
			return errors.New("background.FromSection: empty section")
		}
		return nil
	})
}

// jobSettings is the section of the job T. Each has a type of its own, because fx
// tells settings apart by their types.
type jobSettings[T Job] struct {
	Enabled  bool
	Trigger  string
	Interval *time.Duration // nil if there is none
	Cron     string
	Zone     string
}

func configureJob[T Job](d *declaredJob) fx.Option {
	return config.Configure(d.section,
		config.Default(jobSettings[T]{Enabled: true}),
		config.Validate(func(s *jobSettings[T]) error {
			_, err := s.trigger(d)
			return err
		}))
}

// trigger is what the settings say, or else d.
func (s *jobSettings[T]) trigger(d *declaredJob) (trigger, error) {
	name := s.Trigger
	switch {
	case name != "":
	case s.Interval != nil && s.Cron != "":
		return nil, wrong("Trigger", "say Every or Cron, because there are both Interval and Cron")
	case s.Interval != nil:
		name = "Every"
	case s.Cron != "":
		name = "Cron"
	case d.trigger != nil:
		return d.trigger, nil
	default:
		return nil, errors.New("when does the job run? Add Interval, Cron or Trigger")
	}
	switch strings.ToLower(name) {
	case "every":
		switch {
		case s.Interval == nil:
			return nil, wrong("Interval", "Trigger Every needs one")
		case *s.Interval <= 0:
			return nil, wrong("Interval", "must be more than zero")
		}
		return every(*s.Interval), nil
	case "cron":
		zone, err := time.LoadLocation(s.Zone)
		if s.Zone == "" {
			zone, err = time.Local, nil
		}
		if err != nil {
			return nil, wrong("Zone", `want a name of the time zone database, such as "Europe/Berlin", or UTC`)
		}
		c, err := newCron(s.Cron, zone)
		if err != nil {
			return nil, &config.KeyError{Key: "Cron", Err: err}
		}
		return c, nil
	case "continuously":
		return &continuously{d.pause}, nil
	case "once":
		return once{}, nil
	default:
		return nil, wrong("Trigger", "want Every, Cron, Continuously or Once")
	}
}

func wrong(key, rule string) error { return &config.KeyError{Key: key, Err: errors.New(rule)} }

// followed are the settings of a job, whatever its type.
type followed struct {
	current func() (t trigger, off bool)
	follow  func(changed func()) (stop func())
	stop    func() // nil unless somebody follows
}

func follow[T Job](m *config.Monitor[jobSettings[T]], d *declaredJob) *followed {
	return &followed{
		current: func() (trigger, bool) {
			s := m.Current()
			t, err := s.trigger(d)
			if err != nil {
				panic(fmt.Sprintf("background: settings of job %q were not checked: %v", d.name, err))
			}
			return t, !s.Enabled
		},
		follow: func(changed func()) func() {
			return m.OnChange(func(_, _ *jobSettings[T]) { changed() })
		},
	}
}

func (f *followed) begin(changed func()) { f.stop = f.follow(changed) }

func (f *followed) end() {
	if f.stop != nil {
		f.stop()
	}
}
