package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/host/hosttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// supplier answers with the number of the question, and fails as often as it is
// told first.
type supplier struct{ asked, failures int }

func (s *supplier) Prices(context.Context) (map[string]int, error) {
	s.asked++
	if s.asked <= s.failures {
		return nil, errors.New("not now")
	}
	return map[string]int{"tea": s.asked}, nil
}

func TestPricesAreSynchronizedEveryTwoHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			jobs      *background.Jobs
			catalogue *Catalogue
		)
		h := hosttest.Start(t, hosttest.Settings{"SyncPrices:Interval": "2h"}, jobsWith(&supplier{failures: 2}),
			fx.Populate(&jobs, &catalogue))
		time.Sleep(5 * time.Hour)
		if n := h.Logs.FilterMessage("prices synchronized").Len(); n != 3 { // at 0, 2 and 4 hours
			t.Errorf("synchronized %d times", n)
		}
		if n := h.Logs.FilterMessage("job run failed").Len(); n != 2 {
			t.Errorf("%d failures", n)
		}
		if got := fmt.Sprint(catalogue.Prices()); got != "map[tea:5]" {
			t.Error(got)
		}
		if err := jobs.RunNow("main.SyncPrices"); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second)
		if got := fmt.Sprint(catalogue.Prices()); got != "map[tea:6]" {
			t.Error(got)
		}
	})
}

func TestTheReportComesAtTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hosttest.Start(t, hosttest.Settings{"SyncPrices:Interval": "1h"}, jobsWith(&supplier{}))
		time.Sleep(48 * time.Hour)
		reports := h.Logs.FilterMessage("report").All()
		if len(reports) != 2 {
			t.Fatalf("%d reports", len(reports))
		}
		for _, report := range reports {
			if got := report.Time.Local().Format(time.TimeOnly); got != "02:00:00" {
				t.Error(got)
			}
		}
	})
}

func TestTheJobIsTurnedOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hosttest.Start(t, hosttest.Settings{"SyncPrices:Interval": "1h", "SyncPrices:Enabled": false}, jobsWith(&supplier{}))
		time.Sleep(24 * time.Hour)
		if n := h.Logs.FilterMessage("prices synchronized").Len(); n != 0 {
			t.Errorf("synchronized %d times", n)
		}
	})
}

func jobsWith(s *supplier) fx.Option {
	return fx.Options(jobs(), fx.Provide(func() Supplier { return s }))
}
