package background

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	cron "github.com/netresearch/go-cron"
)

// Cron runs a job at the times that text names, in the time of zone, such as
// [time.Local]:
//
//	minute (0-59), hour (0-23), day of month (1-31), month (1-12, JAN-DEC), day of week (0-7, SUN-SAT)
//
// as crontab(5) has it: * is any, 1,15 a list, 9-17 a range, */5 or 9-17/2 a step.
// With six fields, the first one is the second (0-59). If both days are given, the
// job runs when either of them matches. L is the last day of the month, 15W the weekday
// nearest to the 15th, MON#1 the first Monday and FRI#L the last Friday of the month.
// @hourly, @daily, @weekly, @monthly and @yearly are short for the usual ones.
//
// When daylight saving time begins, a time that is skipped comes later by the length of
// the change, such as 03:30 instead of 02:30. When it ends, a time that is repeated
// comes once, the first time. With * for the hour, the job runs in every hour that
// passes.
//
// If the system clock is set back by up to an hour, no time comes twice. If it is set
// back further, the schedule begins again.
func Cron(text string, zone *time.Location) JobOption {
	return jobOption(func(d *declaredJob) error {
		c, err := newCron(text, zone)
		if err != nil {
			return fmt.Errorf("background.Cron(%q): %w", text, err)
		}
		return d.setTrigger(c)
	})
}

// cronTrigger uses a parsed text for times without a zone, which it writes in UTC,
// because what the parser makes of a change of clocks is to skip a run on one day
// and repeat it on another.
type cronTrigger struct {
	text     string
	zone     *time.Location
	schedule cron.Schedule
	hourly   bool // in each hour that passes, so that the clocks do not matter
}

func (c *cronTrigger) atOnce() bool { return false }
func (c *cronTrigger) byWall() bool { return true }

func (c *cronTrigger) String() string {
	if c.zone == time.Local {
		return "cron " + c.text
	}
	return fmt.Sprintf("cron %s (%v)", c.text, c.zone)
}

func (c *cronTrigger) next(_, after, _ time.Time) time.Time {
	after = after.In(c.zone)
	if c.hourly {
		return c.schedule.Next(after)
	}
	// A time that was skipped in the last day may be still to come.
	_, yesterday := after.Add(-24 * time.Hour).Zone()
	_, today := after.Zone()
	shown := onWall(after).Add(-time.Duration(max(0, today-yesterday)) * time.Second)
	for {
		shown = c.schedule.Next(shown)
		if shown.IsZero() {
			return shown
		}
		if t := whenShown(shown, c.zone); t.After(after) {
			return t
		}
	}
}

// onWall is what a clock shows at t, as a time in UTC.
func onWall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// whenShown is the first moment at which the clocks in zone show a time. If they
// skip it, it is the moment at which they would have shown it if nobody had
// changed them.
func whenShown(shown time.Time, zone *time.Location) time.Time {
	_, before := shown.Add(-24 * time.Hour).In(zone).Zone()
	_, after := shown.Add(24 * time.Hour).In(zone).Zone()
	for _, offset := range []int{max(before, after), min(before, after)} {
		t := shown.Add(-time.Duration(offset) * time.Second).In(zone)
		if onWall(t).Equal(shown) {
			return t
		}
	}
	return shown.Add(-time.Duration(before) * time.Second).In(zone)
}

// cronFields are the fields of a text with six of them, and what is wanted there.
func cronFields() [6]struct{ name, want string } {
	return [6]struct{ name, want string }{
		{"second", "0 to 59"},
		{"minute", "0 to 59"},
		{"hour", "0 to 23"},
		{"day of month", "1 to 31, L, L-3, LW or 15W"},
		{"month", "1 to 12 or JAN to DEC"},
		{"day of week", "0 to 7 or SUN to SAT, MON#1 or FRI#L"},
	}
}

func newCron(text string, zone *time.Location) (*cronTrigger, error) {
	if zone == nil {
		return nil, errors.New("zone is nil: want time.Local, time.UTC or what time.LoadLocation returns")
	}
	parser, err := cron.TryNewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow |
		cron.Descriptor | cron.Extended | cron.DowOrDom)
	if err != nil {
		return nil, err
	}
	parser = parser.WithMaxSearchYears(40) // for the days of leap years
	c := &cronTrigger{text: strings.TrimSpace(text), zone: zone}
	if strings.HasPrefix(c.text, "@") {
		c.hourly = c.text == "@hourly"
		schedule, err := parser.Parse(c.text)
		if _, calendar := schedule.(*cron.SpecSchedule); err != nil || !calendar {
			return nil, errors.New("want @hourly, @daily, @weekly, @monthly or @yearly; for a period use background.Every")
		}
		c.schedule = schedule
		return c, nil
	}
	fields := fieldsOf(text)
	if len(fields) != 5 && len(fields) != 6 {
		return nil, fmt.Errorf("%d fields, want 5: minute, hour, day of month, month, day of week, "+
			"or 6 with the second in front", len(fields))
	}
	names := cronFields()
	for i, field := range fields {
		at := i + len(names) - len(fields)
		alone := []string{"*", "*", "*", "*", "*", "*"}
		alone[at] = field.text
		_, err := parser.Parse(strings.Join(alone, " "))
		// The parser takes a time zone for the first field, and nothing for an item of a list.
		if err != nil || strings.Contains(field.text, "=") || strings.Contains(","+field.text+",", ",,") {
			return nil, fmt.Errorf("character %d: %s is %q, want %s, *, or lists, ranges and steps of these (1,2 1-5 */10)",
				field.at+1, names[at].name, field.text, names[at].want)
		}
		if at == 2 {
			c.hourly = field.text == "*" || field.text == "*/1"
		}
	}
	if c.schedule, err = parser.Parse(c.text); err != nil {
		return nil, err
	}
	if c.schedule.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, errors.New("there is no such day")
	}
	return c, nil
}

type cronField struct {
	text string
	at   int // in the whole text, in characters
}

func fieldsOf(text string) (fields []cronField) {
	begun := false
	for i, letter := range []rune(text) {
		switch {
		case unicode.IsSpace(letter):
			begun = false
		case begun:
			fields[len(fields)-1].text += string(letter)
		default:
			begun = true
			fields = append(fields, cronField{string(letter), i})
		}
	}
	return fields
}
