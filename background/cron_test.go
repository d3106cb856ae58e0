package background_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/background"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	location, err := time.LoadLocation(name)
	must(t, err)
	return location
}

func TestCronWhereTheClocksAreChanged(t *testing.T) {
	t.Parallel()
	const (
		berlin  = "Europe/Berlin"       // 02:00 is 03:00, 03:00 is 02:00
		newYork = "America/New_York"    // the same
		howe    = "Australia/Lord_Howe" // by half an hour: 02:00 is 02:30, 02:00 is 01:30
		paulo   = "America/Sao_Paulo"   // at midnight: 00:00 is 01:00, 00:00 is 23:00 of the day before
	)
	for _, test := range []struct {
		about, zone, text, after, until string
		want                            []string
	}{
		{
			"daily in the hour that is skipped", berlin, "30 2 * * *", "2026-03-27 12:00", "2026-03-31 12:00",
			[]string{"28 02:30 +0100", "29 03:30 +0200", "30 02:30 +0200", "31 02:30 +0200"},
		},
		{
			"daily in the hour that is repeated", berlin, "30 2 * * *", "2026-10-24 12:00", "2026-10-27 12:00",
			[]string{"25 02:30 +0200", "26 02:30 +0100", "27 02:30 +0100"},
		},
		{
			"at its ends, skipped", berlin, "0 2,3 * * *", "2026-03-29 00:00", "2026-03-29 12:00",
			[]string{"29 03:00 +0200"},
		},
		{
			"at its ends, repeated", berlin, "0 1-3 * * *", "2026-10-25 00:00", "2026-10-25 12:00",
			[]string{"25 01:00 +0200", "25 02:00 +0200", "25 03:00 +0100"},
		},
		{
			"in the skipped hour and the one after", berlin, "*/30 2-3 * * *", "2026-03-29 00:00", "2026-03-29 12:00",
			[]string{"29 03:00 +0200", "29 03:30 +0200"},
		},
		{
			"started after the change, before the time it has become", berlin, "45 2 * * *", "2026-03-29 03:10", "2026-03-30 12:00",
			[]string{"29 03:45 +0200", "30 02:45 +0200"},
		},
		{
			"each hour, skipped", berlin, "0 * * * *", "2026-03-29 00:30", "2026-03-29 04:30",
			[]string{"29 01:00 +0100", "29 03:00 +0200", "29 04:00 +0200"},
		},
		{
			"each hour, repeated", berlin, "0 * * * *", "2026-10-25 01:30", "2026-10-25 03:30",
			[]string{"25 02:00 +0200", "25 02:00 +0100", "25 03:00 +0100"},
		},
		{
			"@hourly, repeated", berlin, "@hourly", "2026-10-25 01:30", "2026-10-25 03:30",
			[]string{"25 02:00 +0200", "25 02:00 +0100", "25 03:00 +0100"},
		},
		{
			"daily in the hour that is skipped", newYork, "30 2 * * *", "2026-03-07 12:00", "2026-03-10 12:00",
			[]string{"08 03:30 -0400", "09 02:30 -0400", "10 02:30 -0400"},
		},
		{
			"daily in the hour that is repeated", newYork, "30 1 * * *", "2026-10-31 12:00", "2026-11-02 12:00",
			[]string{"01 01:30 -0400", "02 01:30 -0500"},
		},
		{
			"daily in the half hour that is skipped", howe, "15 2 * * *", "2026-10-03 12:00", "2026-10-05 12:00",
			[]string{"04 02:45 +1100", "05 02:15 +1100"},
		},
		{
			"daily in the half hour that is repeated", howe, "45 1 * * *", "2026-04-04 12:00", "2026-04-06 12:00",
			[]string{"05 01:45 +1100", "06 01:45 +1030"},
		},
		{
			"at the midnight that is skipped", paulo, "@daily", "2017-10-14 12:00", "2017-10-16 12:00",
			[]string{"15 01:00 -0200", "16 00:00 -0200"},
		},
		{
			"before the midnight that comes later", paulo, "30 23 * * *", "2018-02-16 12:00", "2018-02-18 12:00",
			[]string{"16 23:30 -0200", "17 23:30 -0200"},
		},
	} {
		t.Run(test.zone+" "+test.about, func(t *testing.T) {
			t.Parallel()
			location := zone(t, test.zone)
			parse := func(text string) time.Time {
				at, err := time.ParseInLocation("2006-01-02 15:04", text, location)
				must(t, err)
				return at
			}
			times, err := background.Times(background.Cron(test.text, location), parse(test.after), parse(test.until), 100)
			must(t, err)
			var got []string
			for _, at := range times {
				got = append(got, at.Format("02 15:04 -0700"))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("due at %q, want %q", got, test.want)
			}
		})
	}
}

func TestCronTexts(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) // a Thursday
	for text, want := range map[string]string{
		"*/20 9-17 * * MON-FRI": "01 09:00:00 01 09:20:00 01 09:40:00 01 10:00:00",
		"30 15 10 * * *":        "01 10:15:30 02 10:15:30 03 10:15:30 04 10:15:30",
		"0 0 13 * FRI":          "02 00:00:00 09 00:00:00 13 00:00:00 16 00:00:00", // one of the days is enough
		"0 12 L * *":            "31 12:00:00 28 12:00:00 31 12:00:00 30 12:00:00",
		"0 12 * * MON#1":        "05 12:00:00 02 12:00:00 02 12:00:00 06 12:00:00",
		"0 12 * * FRI#L":        "30 12:00:00 27 12:00:00 27 12:00:00 24 12:00:00",
		"0 12 15W JUL *":        "15 12:00:00 15 12:00:00 14 12:00:00 16 12:00:00",
		"0 22-2 * * 7":          "04 00:00:00 04 01:00:00 04 02:00:00 04 22:00:00",
		"@monthly":              "01 00:00:00 01 00:00:00 01 00:00:00 01 00:00:00",
		"0 0 29 2 *":            "29 00:00:00 29 00:00:00 29 00:00:00 29 00:00:00",
	} {
		times, err := background.Times(background.Cron(text, time.UTC), begin, begin.AddDate(30, 0, 0), 4)
		must(t, err)
		var got []string
		for _, at := range times {
			got = append(got, at.Format("02 15:04:05"))
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%s: due at %s, want %s", text, got, want)
		}
	}
}

func TestACronTextThatDoesNotParseSaysWhereAndWhatWasExpected(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"61 * * * *":       `background.Cron("61 * * * *"): character 1: minute is "61", want 0 to 59, *, or lists, ranges and steps of these (1,2 1-5 */10)`,
		"0  25 * * *":      `character 4: hour is "25", want 0 to 23`,
		"0 0 32 * *":       `character 5: day of month is "32", want 1 to 31, L, L-3, LW or 15W`,
		"0 0 1 JUX *":      `character 7: month is "JUX", want 1 to 12 or JAN to DEC`,
		"0 0 * * 8":        `character 9: day of week is "8", want 0 to 7 or SUN to SAT, MON#1 or FRI#L`,
		"60 0 0 * * *":     `character 1: second is "60", want 0 to 59`,
		"ü * * * *":        `character 1: minute is "ü"`,
		"é é * * *":        `character 1: minute is "é"`,
		"0 1,,2 * * *":     `character 3: hour is "1,,2"`,
		", * * * *":        `character 1: minute is ","`,
		"*/0 * * * *":      `character 1: minute is "*/0"`,
		"* * *":            `background.Cron("* * *"): 3 fields, want 5: minute, hour, day of month, month, day of week, or 6 with the second in front`,
		"":                 `background.Cron(""): 0 fields`,
		"TZ=UTC 0 0 * * *": `character 1: second is "TZ=UTC"`,
		"@dayly":           `background.Cron("@dayly"): want @hourly, @daily, @weekly, @monthly or @yearly; for a period use background.Every`,
		"@every 5m":        `for a period use background.Every`,
		"0 0 30 2 *":       `background.Cron("0 0 30 2 *"): there is no such day`,
		"0 0 " + strings.Repeat("1,", 2000) + "1 * *": `character 5: day of month`,
	} {
		_, err := background.Times(background.Cron(text, time.UTC), time.Now(), time.Now(), 1)
		if err == nil || !strings.HasPrefix(err.Error(), "background.Cron(") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
	_, err := background.Times(background.Cron("* * * * *", nil), time.Now(), time.Now(), 1)
	wantText(t, err, `background.Cron("* * * * *"): zone is nil: want time.Local, time.UTC or what time.LoadLocation returns`)
}

// FuzzCron checks that no text makes the parser panic or a time that is not after
// the one before.
func FuzzCron(f *testing.F) {
	f.Add("*/5 1-3 * * MON#1", "Europe/Berlin", int64(1774742400))
	f.Add("0 30 2 L-3 */2 5", "Australia/Lord_Howe", int64(1791000000))
	f.Add("@weekly", "America/Sao_Paulo", int64(1508000000))
	f.Fuzz(func(t *testing.T, text, name string, at int64) {
		location, err := time.LoadLocation(name)
		if err != nil || at < 0 || at > 1<<33 {
			t.Skip()
		}
		after := time.Unix(at, 0)
		times, err := background.Times(background.Cron(text, location), after, after.Add(25*time.Hour), 10_000)
		if err != nil {
			return
		}
		for _, due := range times {
			if !due.After(after) {
				t.Fatalf("%q: %v is not after %v", text, due, after)
			}
			after = due
		}
	})
}

func TestACronJobRunsOnBothDaysOnWhichTheClocksAreChanged(t *testing.T) {
	t.Parallel()
	for _, day := range []string{"2000-03-25", "2000-10-28"} {
		t.Run(day, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				berlin := zone(t, "Europe/Berlin")
				begin, err := time.ParseInLocation("2006-01-02 15:04", day+" 02:30", berlin)
				must(t, err)
				time.Sleep(time.Until(begin))
				d := keep(nil)
				must(t, runFor(t, 26*time.Hour, d, background.Cron("30 2 * * *", berlin)))
				d.want(t, 24*time.Hour)
			})
		})
	}
}

// clockHost has a job at noon and at one o'clock, in UTC.
func clockHost(t *testing.T) (d *diary, set func(by time.Duration), stop func()) {
	t.Helper()
	d = keep(nil)
	var jobs *background.Jobs
	app, _ := build(t, addWork(d, background.Cron("0 12,13 * * *", time.UTC)), fx.Populate(&jobs))
	set = jobs.Clock()
	must(t, app.Start(t.Context()))
	return d, set, func() { must(t, app.Stop(t.Context())) }
}

func TestAClockThatIsSetBackRepeatsNoRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, set, stop := clockHost(t)
		time.Sleep(12*time.Hour + 30*time.Minute)
		set(-40 * time.Minute) // 11:50 again
		time.Sleep(25 * time.Hour)
		stop()
		// Noon comes again, but is not taken; one o'clock comes 40 minutes later.
		d.want(t, 12*time.Hour, 13*time.Hour+40*time.Minute, 36*time.Hour+40*time.Minute)
	})
}

func TestAClockThatIsSetBackWhileWaitingDoesNotRunEarly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, set, stop := clockHost(t)
		time.Sleep(11*time.Hour + 30*time.Minute)
		set(-30 * time.Minute)
		time.Sleep(90 * time.Minute)
		stop()
		d.want(t, 12*time.Hour+30*time.Minute)
	})
}

func TestAClockThatIsSetBackFarBeginsAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, set, stop := clockHost(t)
		set(240 * time.Hour) // a wrong clock: noon has passed
		time.Sleep(time.Hour)
		set(0) // is put right
		time.Sleep(35*time.Hour + 30*time.Minute)
		stop()
		d.want(t, time.Minute, 12*time.Hour, 13*time.Hour, 36*time.Hour)
	})
}

func TestAClockThatIsSetForwardIsNoticed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, set, stop := clockHost(t)
		time.Sleep(time.Hour + 30*time.Second)
		set(13 * time.Hour) // noon and one o'clock have passed: they are taken once
		time.Sleep(time.Hour)
		stop()
		d.want(t, time.Hour+time.Minute)
	})
}

func TestAClockThatIsSetDoesNotConcernEvery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(nil)
		var jobs *background.Jobs
		app, _ := build(t, addWork(d, background.Every(time.Hour)), fx.Populate(&jobs))
		set := jobs.Clock()
		must(t, app.Start(t.Context()))
		time.Sleep(90 * time.Minute)
		set(-5 * time.Hour)
		time.Sleep(time.Hour)
		must(t, app.Stop(t.Context()))
		d.want(t, time.Hour, 2*time.Hour)
	})
}
